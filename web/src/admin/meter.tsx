import classes from "./admin.module.css";

/** A share of something, as a bar and in words; the words carry the figures. */
export function Meter(props: { name: string; percent: number; words: string; isHigh?: boolean }) {
  const { name, percent, words, isHigh = false } = props;
  return (
    <div>
      <span className="num">{words}</span>
      <meter
        aria-label={name}
        aria-valuetext={words}
        min={0}
        max={100}
        value={percent}
        className="only-spoken"
      />
      {/* Drawn by ourselves: every browser makes a meter of other parts. */}
      <span className={classes.meter} data-high={isHigh} aria-hidden="true">
        <span style={{ width: `${percent}%` }} />
      </span>
    </div>
  );
}
