/** What serving pages of rows costs, so that a load test can tell the emulator's share from the application's. */
export interface CostSummary {
  /** Answers of crm.company.list, crm.contact.list, crm.deal.list and crm.item.list, those inside batches too. */
  pages: number;
  /** User and system time of the whole process: whatever else runs in it is counted too. */
  cpuMs: number;
  /** null without pages. */
  cpuMsPerPage: number | null;
  /** How often REST refused with which `error`, commands of batches too. */
  refusals: Record<string, number>;
}

/** Counts since the start or the last reset. */
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
