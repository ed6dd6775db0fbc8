import { getAddress, isAddress } from "ethers";
import { isValidClassicAddress } from "xrpl";

export class ConfigError extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(
      `the configuration has ${faults.length} fault${faults.length === 1 ? "" : "s"}:\n${faults.map((f) => `  - ${f}`).join("\n")}`,
    );
    this.name = "ConfigError";
    this.faults = faults;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads one variable after another, collecting what is wrong instead of stopping at the first fault. */
export class Reader {
  readonly faults: string[] = [];
  readonly #env: Environment;
  constructor(env: Environment) {
    this.#env = env;
  }

  optional(name: string): string | null {
    const value = this.#env[name]?.trim();
    return value === undefined || value === "" ? null : value;
  }

  text(name: string, fallback: string): string {
    return this.optional(name) ?? fallback;
  }

  required(name: string, why: string): string {
    const value = this.optional(name);
    if (value === null) this.faults.push(`${name} is missing: ${why}`);
    return value ?? "";
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const text = this.optional(name);
    if (text === null) return fallback;
    const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      this.faults.push(`${name} is "${text}" but must be a whole number from ${min} to ${max}`);
      return fallback;
    }
    return value;
  }

  amount(name: string, fallback: bigint): bigint {
    const text = this.optional(name);
    if (text === null) return fallback;
    if (!/^[1-9][0-9]{0,37}$/.test(text)) {
      this.faults.push(`${name} is "${text}" but must be a positive whole number of minor units`);
      return fallback;
    }
    return BigInt(text);
  }

  choice<const T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const text = this.optional(name);
    if (text === null) return fallback;
    const found = choices.find((choice) => choice === text);
    if (found === undefined)
      this.faults.push(`${name} is "${text}" but must be one of ${choices.join(", ")}`);
    return found ?? fallback;
  }

  flag(name: string, fallback: boolean): boolean {
    return this.choice(name, ["true", "false"], fallback ? "true" : "false") === "true";
  }

  url(name: string, text: string, protocols: readonly string[]): URL {
    const url = URL.parse(text);
    if (url === null || !protocols.includes(url.protocol)) {
      this.faults.push(
        `${name} must be a URL that starts with ${protocols.map((p) => `${p}//`).join(" or ")}`,
      );
      return new URL("http://invalid.invalid");
    }
    return url;
  }

  addresses(name: string): string[] {
    return (this.optional(name) ?? "")
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "")
      .map((part) => {
        // ICAP passes isAddress too; nobody means it.
        if (part.startsWith("0x") && isAddress(part)) return getAddress(part);
        if (!isValidClassicAddress(part)) {
          this.faults.push(
            `${name} holds "${part}", which is neither an EVM address nor a classic address of the XRP Ledger`,
          );
        }
        return part;
      });
  }
}
