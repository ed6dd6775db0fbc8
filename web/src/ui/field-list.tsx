import classes from "./field-list.module.css";

/** Names and values to the letter, one under the other. */
export function FieldList({ fields }: { fields: readonly (readonly [name: string, value: string])[] }) {
  return (
    <dl className={classes.fields}>
      {fields.map(([name, value]) => (
        <div key={name}>
          <dt className="mono">{name}</dt>
          <dd className="mono">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
