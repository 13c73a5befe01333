import type { BrowserAgent } from './browser-agent.ts';

/** A page that arrives in parts. */
export interface SlowPage {
  /** What has arrived once `mark` is among it. */
  readUntil(mark: string): Promise<string>;
  /** All that comes after. */
  readToEnd(): Promise<string>;
}

/** Whoever waits longer for a part waits in vain. */
const PATIENCE_MS = 5_000;

/** Asks for a page as `agent` would, and looks at each part when it arrives. */
export async function openSlowPage(
  agent: BrowserAgent,
  address: string,
  encoding: string,
): Promise<SlowPage> {
  const cookies = agent.cookies.get(new URL(address).hostname) ?? new Map<string, string>();
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const answer = await fetch(address, {
    headers: { accept: 'text/html', 'accept-encoding': encoding, cookie },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const parts = (answer.body ?? new ReadableStream<Uint8Array>()).pipeThrough(new TextDecoderStream());
  const reader = parts.getReader();

  async function read(isEnough: (text: string) => boolean): Promise<string> {
    let text = '';
    while (!isEnough(text)) {
      const { done, value } = await reader.read();
      if (done) break;
      text += value;
    }
    return text;
  }

  return {
    readUntil: (mark) => read((text) => text.includes(mark)),
    readToEnd: () => read(() => false),
  };
}
