/** JSON Schema as the server's own OpenAPI document carries it. */
export type Schema = {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  patternProperties?: Record<string, Schema>;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minProperties?: number;
  maxProperties?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
};

export type Parameter = { name: string; in: "path" | "query" | "header"; required: boolean; schema: Schema };

export type Operation = {
  /** As in `POST /api/v1/payouts/{id}/cancel`. */
  name: string;
  method: string;
  path: string;
  parameters: Parameter[];
  body: Schema | null;
  /** Whether it asks for a session. */
  secured: boolean;
  /** By status, what is documented: the schema of each media type; none where there is no body. */
  responses: Map<number, Map<string, Schema>>;
};

type Content = Record<string, { schema?: Schema }>;
type Document = {
  paths: Record<
    string,
    Record<
      string,
      {
        parameters?: (Omit<Parameter, "required"> & { required?: boolean })[];
        requestBody?: { content: Content };
        security?: Record<string, string[]>[];
        responses?: Record<string, { content?: Content }>;
      }
    >
  >;
};

/** Every operation that the running server says it has. */
export async function readOperations(url: string): Promise<Operation[]> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, told]): Operation => {
      const security = told.security ?? [];
      return {
        name: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path,
        parameters: (told.parameters ?? []).map((parameter) => ({ required: false, ...parameter })),
        body: told.requestBody?.content["application/json"]?.schema ?? null,
        secured: security.length > 0 && security.every((way) => Object.keys(way).length > 0),
        responses: new Map(
          Object.entries(told.responses ?? {}).map(([status, { content = {} }]) => [
            Number(status),
            new Map(Object.entries(content).map(([type, { schema = {} }]) => [type, schema])),
          ]),
        ),
      };
    }),
  );
}
