import classes from "./exact-text.module.css";

/** Something that is signed or sent, to the letter; long ones scroll. */
export function ExactText({ text, label, low = false }: { text: string; label: string; low?: boolean }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={classes.text} data-low={low} tabIndex={0} aria-label={label}>
      {text}
    </section>
  );
}
