/**
 * A map that forgets what was not used for long: two generations, the older one dropped whole when the younger is full.
 * It holds at most twice `generationSize` entries and surely the last `generationSize` used, at the cost of a Map.
 */
export class BoundedMap<K, V> {
  readonly #generationSize: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  constructor(generationSize: number) {
    this.#generationSize = generationSize;
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: K, value: V): void {
    if (this.#young.size >= this.#generationSize && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
