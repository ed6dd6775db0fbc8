/**
 * The curve that engravers put on banknotes: a point on a circle that rolls inside another one (a hypotrochoid). Drawn as
 * an SVG path around the origin, as far out as `radius`.
 */
export function rosette(radius: number, petals: number, depth: number, steps = 720): string {
  const turns = petals % 2 === 0 ? 1 : 2;
  const points = Array.from({ length: steps + 1 }, (_unused, step) => {
    const angle = (step / steps) * Math.PI * 2 * turns;
    const reach = radius * (1 - depth + depth * Math.cos((angle * petals) / turns));
    return `${(reach * Math.cos(angle)).toFixed(2)} ${(reach * Math.sin(angle)).toFixed(2)}`;
  });
  return `M${points.join("L")}Z`;
}
