/** Cost of serving pages of rows, so that a load test can subtract the CPU time of the emulator from the total. */
export interface CostSummary {
  /** Number of answers of crm.company.list, crm.contact.list, crm.deal.list and crm.item.list, inside batches too. */
  pages: number;
  /** User and system time of the whole process, including other code that runs in it. */
  cpuMs: number;
  /** null when no page was served. */
  cpuMsPerPage: number | null;
  /** Number of REST refusals by `error`, including commands inside batches. */
  refusals: Record<string, number>;
}

/** Counters since the start or the last reset. */
export class Cost {
  #pages = 0;
  #refusals: Record<string, number> = {};
  #since = process.cpuUsage();

  countRefusal(error: string): void {
    this.#refusals[error] = (this.#refusals[error] ?? 0) + 1;
  }

  countPage(): void {
    this.#pages += 1;
  }

  summary(): CostSummary {
    const { user, system } = process.cpuUsage(this.#since);
    const cpuMs = (user + system) / 1000;
    return {
      pages: this.#pages,
      cpuMs,
      cpuMsPerPage: this.#pages === 0 ? null : cpuMs / this.#pages,
      refusals: { ...this.#refusals },
    };
  }

  reset(): void {
    this.#pages = 0;
    this.#refusals = {};
    this.#since = process.cpuUsage();
  }
}
