import { type PointerEvent, useRef, useState } from "react";
import classes from "./coin.module.css";
import { rosette } from "./rosette.ts";

const SIZE = 320;
const RING = 148;
const CIRCUMFERENCE = 2 * Math.PI * RING;
/** More at once would only be a blur. */
const MOST_FLOATS = 14;

/** Drawn once: the same elements every time, so a tap does not touch them. */
const engrave = (paths: readonly string[]) => paths.map((path) => <path key={path} d={path} />);
const GROUND = engrave([rosette(158, 24, 0.09), rosette(150, 18, 0.12), rosette(142, 30, 0.07)]);
const FACE = engrave([rosette(86, 16, 0.16), rosette(78, 12, 0.22), rosette(66, 20, 0.12)]);

type Float = { id: number; x: number; y: number };

/**
 * The coin, with its energy around it. Every pointer counts by itself, so several fingers do; a keyboard or a screen
 * reader clicks it like any button. `onTap` says whether the tap counted.
 */
export function Coin(props: {
  energy: number;
  maxEnergy: number;
  perTap: string;
  label: string;
  onTap: () => boolean;
}) {
  const { energy, maxEnergy, perTap, label, onTap } = props;
  const [floats, setFloats] = useState<readonly Float[]>([]);
  const nextId = useRef(0);
  const button = useRef<HTMLButtonElement>(null);
  const fraction = maxEnergy === 0 ? 0 : Math.min(1, energy / maxEnergy);

  function tap(x: number, y: number): void {
    if (!onTap()) {
      play(button.current, classes.refused);
      return;
    }
    play(button.current, classes.struck);
    nextId.current += 1;
    const float = { id: nextId.current, x, y };
    setFloats((shown) => [...shown.slice(1 - MOST_FLOATS), float]);
  }

  function onPointerDown(event: PointerEvent<HTMLButtonElement>): void {
    if (event.button !== 0) return;
    const box = event.currentTarget.getBoundingClientRect();
    tap(event.clientX - box.left, event.clientY - box.top);
  }

  return (
    <div className={classes.stage}>
      <svg className={classes.ground} viewBox="-160 -160 320 320" aria-hidden="true">
        {GROUND}
      </svg>
      <button
        ref={button}
        type="button"
        className={classes.coin}
        aria-label={label}
        onPointerDown={onPointerDown}
        // A click without a pointer: Enter, Space or a screen reader. Those of pointers have been counted.
        onClick={(event) => {
          if (event.detail === 0)
            tap(event.currentTarget.clientWidth / 2, event.currentTarget.clientHeight / 3);
        }}
        // A held key is one tap.
        onKeyDown={(event) => {
          if (event.repeat && (event.key === "Enter" || event.key === " ")) event.preventDefault();
        }}
        onContextMenu={(event) => event.preventDefault()}
      >
        <svg
          viewBox={`${-SIZE / 2} ${-SIZE / 2} ${SIZE} ${SIZE}`}
          aria-hidden="true"
          className={classes.drawing}
        >
          <defs>
            <linearGradient id="cc-metal" x1="0" y1="0" x2="0.6" y2="1">
              <stop offset="0" stopColor="#ffe9b0" />
              <stop offset="0.45" stopColor="#f0bd4f" />
              <stop offset="1" stopColor="#c98f1c" />
            </linearGradient>
            <linearGradient id="cc-edge" x1="0" y1="0" x2="0" y2="1">
              <stop offset="0" stopColor="#d8a338" />
              <stop offset="1" stopColor="#7d5408" />
            </linearGradient>
          </defs>
          <circle r={RING} className={classes.track} />
          <circle
            r={RING}
            className={classes.energy}
            strokeDasharray={CIRCUMFERENCE}
            strokeDashoffset={CIRCUMFERENCE * (1 - fraction)}
            transform="rotate(-90)"
          />
          <ellipse cy="9" rx="126" ry="126" fill="#5f3f05" opacity="0.55" />
          <g className={classes.metal}>
            <circle r="126" fill="url(#cc-edge)" />
            <circle r="121" className={classes.reeding} />
            <circle r="114" fill="url(#cc-metal)" />
            <circle r="104" fill="none" stroke="#8f660b" strokeOpacity="0.55" strokeWidth="1.5" />
            <g className={classes.engraving}>{FACE}</g>
            <path d="M31 -30 a43 43 0 1 0 0 60" className={classes.letterShade} />
            <path d="M31 -30 a43 43 0 1 0 0 60" className={classes.letter} />
          </g>
        </svg>
        {floats.map(({ id, x, y }) => (
          <span
            key={id}
            className={`${classes.float} num`}
            style={{ left: x, top: y }}
            aria-hidden="true"
            onAnimationEnd={() => setFloats((shown) => shown.filter((float) => float.id !== id))}
          >
            +{perTap}
          </span>
        ))}
      </button>
    </div>
  );
}

/** Starts a one-off animation, also while the one before still runs. */
function play(element: HTMLElement | null, name: string | undefined): void {
  if (element === null || name === undefined) return;
  element.classList.remove(classes.struck ?? "", classes.refused ?? "");
  void element.offsetWidth;
  element.classList.add(name);
}
