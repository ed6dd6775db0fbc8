import fc from "fast-check";
import { expect, it } from "vitest";
import { refill } from "../../src/modules/clicks/energy.ts";
import { createTestDatabase } from "../kit/database.ts";

const db = await createTestDatabase();

it("energy in SQL is the energy of the pure rules, to the millionth", async () => {
  const time = fc.bigInt({ min: 0n, max: 4n * 10n ** 15n });
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc
          .record({
            maxEnergy: fc.integer({ min: 1, max: 1_000_000 }),
            energyPerSecond: fc.integer({ min: 1, max: 100_000 }),
            at: time,
            elapsed: fc.oneof(fc.bigInt({ min: -1_000n, max: 10n ** 8n }), time),
            fill: fc.integer({ min: 0, max: 1_000_000 }),
          })
          .map((s) => ({ ...s, energyMicro: BigInt(s.maxEnergy) * BigInt(s.fill) })),
        { minLength: 20, maxLength: 50 },
      ),
      async (situations) => {
        const { rows } = await db.pool.query<{ energy: bigint }>(
          `SELECT clicks_refill(energy, to_timestamp(0) + at * interval '1 microsecond',
                                to_timestamp(0) + now * interval '1 microsecond', max, per_second) AS energy
           FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::integer[], $5::integer[])
             AS s (energy, at, now, max, per_second)`,
          [
            situations.map((s) => s.energyMicro),
            situations.map((s) => s.at),
            situations.map((s) => s.at + s.elapsed),
            situations.map((s) => s.maxEnergy),
            situations.map((s) => s.energyPerSecond),
          ],
        );
        expect(rows.map((row) => row.energy)).toEqual(
          situations.map(
            (s) => refill({ energyMicro: s.energyMicro, atMicros: s.at }, s.at + s.elapsed, s).energyMicro,
          ),
        );
      },
    ),
    { numRuns: 30 },
  );
});
