/** One setting: its variable in the environment, how the text is parsed, and what happens when there is none. */
export interface Setting<Value> {
  key: string;
  example: string;
  /** What stands for a missing variable, as an operator would write it. */
  default?: string;
  /** `<KEY>_FILE` may name a file that holds the value instead. */
  mayBeFile?: boolean | undefined;
  /** The name in small letters is read too, and first, as other programs do. */
  inEitherCase?: boolean | undefined;
  /**
   * @param text  undefined when the variable is missing or blank
   * @throws {Error}  in words that say what to write instead, and that never repeat a secret
   */
  read(text: string | undefined, isProduction: boolean): Value;
}

/** Some values are good for development only. */
export type Parse<Value> = (text: string, isProduction: boolean) => Value;

interface Described<Value> {
  parse: Parse<Value>;
  example: string;
  mayBeFile?: boolean;
  inEitherCase?: boolean;
}

export function required<Value>(
  key: string,
  { parse, example, mayBeFile }: Described<Value>,
): Setting<Value> {
  return {
    key,
    example,
    mayBeFile,
    read(text, isProduction) {
      if (text === undefined) throw new Error('is required');
      return parse(text, isProduction);
    },
  };
}

export function withDefault<Value>(
  key: string,
  described: Described<Value> & { default: string },
): Setting<Value> {
  const { parse, example, default: usual, inEitherCase } = described;
  return {
    key,
    example,
    default: usual,
    inEitherCase,
    read: (text, isProduction) => parse(text ?? usual, isProduction),
  };
}

export function optional<Value>(
  key: string,
  { parse, example, mayBeFile, inEitherCase }: Described<Value>,
): Setting<Value | undefined> {
  return {
    key,
    example,
    mayBeFile,
    inEitherCase,
    read: (text, isProduction) => (text === undefined ? undefined : parse(text, isProduction)),
  };
}

export function requiredInProduction<Value>(
  key: string,
  { parse, example, mayBeFile }: Described<Value>,
): Setting<Value | undefined> {
  return {
    key,
    example,
    mayBeFile,
    read(text, isProduction) {
      if (text !== undefined) return parse(text, isProduction);
      if (isProduction) throw new Error('is required when NODE_ENV=production');
      return undefined;
    },
  };
}
