import { type Answer, call, type TestApp } from "../kit/app.ts";

type Schema = { type?: string; properties?: Record<string, Schema>; anyOf?: Schema[]; format?: string };

export type Operation = {
  method: string;
  /** With something in place of each parameter. */
  path: string;
  /** Whether it asks for a session. */
  secured: boolean;
  /** Names of what a caller writes freely: parameters, and members of the body at any depth. */
  texts: { name: string; format: string | undefined }[];
};

type Document = {
  paths: Record<
    string,
    Record<
      string,
      {
        security?: object[];
        parameters?: { name: string; schema: Schema }[];
        requestBody?: { content: Record<string, { schema: Schema }> };
      }
    >
  >;
};

/** What the API's own description says that it takes. */
export function operationsOf({ app }: Pick<TestApp, "app">): Operation[] {
  const { paths } = app.http.swagger() as Document;
  return Object.entries(paths)
    .filter(([path]) => path.startsWith("/api/v1/"))
    .flatMap(([path, item]) =>
      Object.entries(item).map(([method, { security = [], parameters = [], requestBody }]) => ({
        method: method.toUpperCase(),
        path: path.replace("/api/v1", "").replace(/\{\w+\}/g, "01890000-0000-7000-8000-000000000000"),
        secured: security.length > 0 && security.every((way) => Object.keys(way).length > 0),
        texts: [
          ...parameters.flatMap(({ name, schema }) => textsIn(name, schema)),
          ...Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => textsIn("body", schema)),
        ],
      })),
    );
}

/** One request, sent again while a busy machine has the server shed load: that is no answer to what it asks. */
export async function ask(...request: Parameters<typeof call>): Promise<Answer> {
  for (;;) {
    const answer = await call(...request);
    if (answer.status !== 503 || answer.body.code !== "overloaded") return answer;
  }
}

function textsIn(name: string, schema: Schema): Operation["texts"] {
  const inner = [
    ...Object.entries(schema.properties ?? {}).flatMap(([key, value]) => textsIn(key, value)),
    ...(schema.anyOf ?? []).flatMap((one) => textsIn(name, one)),
  ];
  return schema.type === "string" ? [{ name, format: schema.format }, ...inner] : inner;
}
