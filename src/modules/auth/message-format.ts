/** The names in a template: `"{a} and {b}"` has `a | b`. */
type FieldOf<Template extends string> = Template extends `${string}{${infer Field}}${infer Rest}`
  ? Field | FieldOf<Rest>
  : never;

export type MessageFormat<Field extends string> = {
  write(values: Readonly<Record<Field, string>>): string;
  /** The fields of a text of this format, which they determine to the byte; null when it is none. */
  read(text: string): Readonly<Record<Field, string>> | null;
};

const REST_OF_LINE = "[^\\n]+";
/** A nonce is looked up before anything else is known to be right, so it must be one that any database takes. */
const NONCE = "[0-9a-zA-Z]{16,64}";

/**
 * A text for people with `{field}` in place of what differs. No field holds a line break, so none can be written into
 * another's line.
 */
export function messageFormat<const Template extends string>(
  template: Template,
): MessageFormat<FieldOf<Template>> {
  // Fixed text and names in turn.
  const parts = template.split(/\{(\w+)\}/);
  const names = parts.filter((_part, index) => index % 2 === 1);
  const pattern = parts.map((part, index) =>
    index % 2 === 0 ? RegExp.escape(part) : `(?<${part}>${part === "nonce" ? NONCE : REST_OF_LINE})`,
  );
  const shape = new RegExp(`^${pattern.join("")}$`);
  return {
    write: (values) =>
      parts.map((part, index) => (index % 2 === 0 ? part : values[part as FieldOf<Template>])).join(""),
    read(text) {
      const groups = shape.exec(text)?.groups;
      if (groups === undefined) return null;
      const entries = names.map((name) => [name, groups[name]]);
      return Object.fromEntries(entries) as Record<FieldOf<Template>, string>;
    },
  };
}
