import { AppError } from "../../platform/errors.ts";

export function invalidPeriod(from: string, to: string): AppError {
  return new AppError(
    "invalid",
    "invalid_period",
    "from must be before to; an entry at to itself is not shown",
    {
      details: { from, to },
    },
  );
}

export function invalidTime(field: string, value: string): AppError {
  return new AppError(
    "invalid",
    "invalid_time",
    `${field} must be a day or an instant that exists, e.g. 2026-03-01 or 2026-03-01T12:00:00Z`,
    { details: { [field]: value } },
  );
}

export function railNotPaused(rail: string): AppError {
  return new AppError(
    "conflict",
    "not_paused",
    `payouts on ${rail} are not paused, so there is nothing to resume`,
    {
      details: { rail },
    },
  );
}
