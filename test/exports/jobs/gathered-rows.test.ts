import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { ExportFiles } from '../../../src/exports/jobs/export-files.ts';
import { type Checkpoint, NOTHING_YET } from '../../../src/exports/jobs/export-job.ts';
import {
  hasRows,
  parseRow,
  RowWriter,
  readLines,
  readRowLines,
} from '../../../src/exports/jobs/gathered-rows.ts';
import { HOSTILE_TEXTS } from '../../support/hostile-texts.ts';
import { newDataDir } from '../../support/start-app.ts';
import { anOwner, aReadCompany } from '../support.ts';

const ref = { owner: anOwner(), id: 'A'.repeat(22) };
let files: ExportFiles;
beforeEach(async () => {
  files = new ExportFiles(newDataDir());
  await files.prepare(ref);
});

describe('gathered rows', () => {
  it('when a process dies behind a checkpoint › what came after it does not count', async () => {
    const dying = await RowWriter.open(files, ref, NOTHING_YET);
    await dying.append(part([1, 2]));
    const checkpoint = await dying.save();
    await dying.append(part([3, 4]));

    const next = await RowWriter.open(files, ref, checkpoint);
    await next.append(part([3, 5]));
    // The dead one was only asleep.
    await dying.append(part([6]));
    await next.append(part([7]));

    expect(await idsOf(await next.save())).toEqual([1, 2, 3, 5, 7]);
    expect((await next.save()).rows).toBe(5);
    await Promise.all([dying.close(), next.close()]);
  });

  it('when texts are hostile › come back as they were', async () => {
    const companies = HOSTILE_TEXTS.map((title, index) =>
      aReadCompany({ id: index + 1, title, phones: [title] }),
    );
    const rows = await RowWriter.open(files, ref, NOTHING_YET);
    await rows.append({ companies, resumeToken: 'x', strangeRows: 0 });
    const checkpoint = await rows.save();
    await rows.close();

    const read = [];
    for await (const lines of readRowLines(files, ref, checkpoint)) read.push(...lines.map(parseRow));

    expect(read).toEqual(companies);
  });

  it('when a segment is gone or shorter › are not there', async () => {
    const rows = await RowWriter.open(files, ref, NOTHING_YET);
    await rows.append(part([1]));
    const checkpoint = await rows.save();
    await rows.close();
    const [segment] = checkpoint.segments;

    const found = await Promise.all([
      hasRows(files, ref, checkpoint),
      hasRows(files, ref, { ...checkpoint, segments: [{ name: 'rows-none', bytes: 1 }] }),
      hasRows(files, ref, { ...checkpoint, segments: [{ name: segment?.name ?? '', bytes: 10_000 }] }),
    ]);

    expect(found).toEqual([true, false, false]);
  });

  it('when they are saved after they were closed › says up to where', async () => {
    const rows = await RowWriter.open(files, ref, NOTHING_YET);
    await rows.append(part([1]));
    await rows.close();

    expect((await rows.save()).rows).toBe(1);
  });
});

describe('readLines', () => {
  it.each([1, 2, 3, 5, 7, 1_000])(
    'when it reads %i bytes at a time › cuts no character in two',
    async (bytes) => {
      const lines = ['a', 'ё', '👩‍👩‍👧‍👦', '', 'last'];
      const file = await open(join(newDataDir(), 'lines'), 'wx+');
      await file.appendFile(`skipped\n${lines.join('\n')}\nnot any more`);

      const read: string[] = [];
      const to = Buffer.byteLength(`skipped\n${lines.join('\n')}\n`);
      for await (const some of readLines(file, { from: 8, to }, bytes)) read.push(...some);
      await file.close();

      expect(read).toEqual(lines);
    },
  );

  it('when a file is shorter than it was › says so', async () => {
    const file = await open(join(newDataDir(), 'lines'), 'wx+');

    await expect(readLines(file, { from: 0, to: 10 }, 5).next()).rejects.toThrow('shorter');
    await file.close();
  });
});

function part(ids: number[]) {
  return {
    companies: ids.map((id) => aReadCompany({ id })),
    resumeToken: `after ${ids.at(-1)}`,
    strangeRows: 0,
  };
}

async function idsOf(checkpoint: Checkpoint): Promise<number[]> {
  const ids: number[] = [];
  for await (const lines of readRowLines(files, ref, checkpoint))
    ids.push(...lines.map((line) => parseRow(line).id));
  return ids;
}
