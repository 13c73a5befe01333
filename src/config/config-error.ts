/** One setting that cannot be used. Never holds the value of a secret. */
export interface ConfigProblem {
  key: string;
  /** What is wrong, in words that say what to write instead. */
  wrong: string;
  example: string;
}

/** Every mistake of the environment, reported together. */
export class ConfigError extends Error {
  readonly problems: ConfigProblem[];

  constructor(problems: ConfigProblem[]) {
    const lines = problems.map(
      ({ key, wrong, example }) => `  ${key}: ${wrong}\n    example: ${key}=${example}`,
    );
    super(
      `The settings cannot be used:\n${lines.join('\n')}\nThe README explains every setting, .env.example lists them. Without an account: npm run demo`,
    );
    this.name = 'ConfigError';
    this.problems = problems;
  }
}
