import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

const gold: MantineColorsTuple = [
  "#fff7e3",
  "#fbe9bf",
  "#f7db98",
  "#f3cc6f",
  "#f0bd4f",
  "#e0a92e",
  "#b98716",
  "#8f660b",
  "#6f4d04",
  "#4d3500",
];

/** Slate rather than black: Mantine takes its dark surfaces from here. */
const dark: MantineColorsTuple = [
  "#eef1ee",
  "#c6d0d6",
  "#a3b0ba",
  "#72818d",
  "#3d4d5a",
  "#2b3844",
  "#1f2a34",
  "#182129",
  "#111920",
  "#0b1116",
];

export const theme = createTheme({
  primaryColor: "gold",
  primaryShade: { light: 5, dark: 4 },
  autoContrast: true,
  luminanceThreshold: 0.32,
  black: "#1c2329",
  colors: { gold, dark },
  fontFamily: "Archivo, system-ui, sans-serif",
  fontFamilyMonospace:
    "ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'Liberation Mono', monospace",
  headings: {
    fontFamily: "Archivo, system-ui, sans-serif",
    fontWeight: "680",
    sizes: {
      h1: { fontSize: "clamp(1.6rem, 1.3rem + 1.4vw, 2.25rem)", lineHeight: "1.12" },
      h2: { fontSize: "1.25rem", lineHeight: "1.25" },
      h3: { fontSize: "1.0625rem", lineHeight: "1.3" },
    },
  },
  defaultRadius: "md",
  radius: { xs: "3px", sm: "5px", md: "9px", lg: "14px", xl: "22px" },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Anchor: { defaultProps: { underline: "always" } },
    Modal: {
      defaultProps: {
        closeButtonProps: { "aria-label": "Close" },
        centered: true,
        radius: "lg",
        padding: "lg",
        overlayProps: { backgroundOpacity: 0.6 },
      },
      styles: {
        content: { background: "var(--cc-surface)" },
        header: { background: "var(--cc-surface)" },
        title: { fontSize: "1.25rem", fontWeight: 680, fontStretch: "112%" },
      },
    },
    Button: { defaultProps: { size: "md" } },
    TextInput: { defaultProps: { size: "md" }, styles: { description: { marginBottom: 10 } } },
    PasswordInput: { defaultProps: { size: "md" }, styles: { description: { marginBottom: 10 } } },
    Notification: {
      styles: {
        root: { background: "var(--cc-raised)", border: "1px solid var(--cc-line-strong)" },
        title: { fontSize: "1rem", fontWeight: 640 },
        description: { fontSize: "0.9375rem", color: "var(--cc-text)" },
      },
    },
    SegmentedControl: { styles: { root: { background: "var(--cc-ground)" } } },
    Radio: { defaultProps: { size: "md" } },
    RadioGroup: { defaultProps: { size: "md" } },
  },
});

/** The house's own tokens (styles.css) are what Mantine paints with, in both schemes. */
export const cssVariables: CSSVariablesResolver = () => {
  const shared = {
    "--mantine-color-body": "var(--cc-ground)",
    "--mantine-color-text": "var(--cc-text)",
    "--mantine-color-dimmed": "var(--cc-muted)",
    "--mantine-color-default": "var(--cc-surface)",
    "--mantine-color-default-hover": "var(--cc-raised)",
    "--mantine-color-default-border": "var(--cc-line-strong)",
    "--mantine-color-placeholder": "var(--cc-muted)",
    "--mantine-color-anchor": "var(--cc-accent)",
    "--mantine-color-error": "var(--cc-bad)",
  };
  return { variables: {}, light: shared, dark: shared };
};
