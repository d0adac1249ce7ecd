import { describe, expect, test } from '@jest/globals';
import { readTheirFile } from './read-their-file.js';

const read = (text: string) => readTheirFile(Buffer.from(text));
const ID = '7c9e6679-7425-40de-944b-e07fc1f90ae7';

describe('the file of another party', () => {
  test('is read with its lines', () => {
    const file = read(
      '\uFEFFDate,Episode GUID,Podcast,Country,Downloads\r\n' +
        '2026-10-13,hl-1,"Harbour, Light",DE,412\r\n' +
        '\r\n' +
        '2026-10-12, hl-2 ,,DE,0\r\n',
    );
    expect(file).toEqual({
      firstDay: '2026-10-12',
      lastDay: '2026-10-13',
      ignoredColumns: ['Country'],
      rows: [
        {
          line: 2,
          day: '2026-10-13',
          count: 412,
          episodeId: null,
          guid: 'hl-1',
          title: null,
          podcast: 'Harbour, Light',
        },
        { line: 4, day: '2026-10-12', count: 0, episodeId: null, guid: 'hl-2', title: null, podcast: null },
      ],
    });
  });

  test.each([
    `day;episode_id;count\n2026-10-12;${ID.toUpperCase()};7`,
    `count\tday\tepisodeId\n7\t2026-10-12\t${ID}\n`,
  ])('may be separated by other signs', (text) => {
    expect(read(text).rows).toMatchObject([{ line: 2, day: '2026-10-12', episodeId: ID, count: 7 }]);
  });

  test('a heading that programs treat specially is a heading like any other', () => {
    const file = read('__proto__,constructor,day,guid,count\nx,y,2026-10-12,g,1');
    expect(file.ignoredColumns).toEqual(['__proto__', 'constructor']);
    expect(file.rows[0]).toMatchObject({ guid: 'g', count: 1 });
  });

  const head = 'day,episodeId,guid,title,podcast,count\n';
  test.each([
    ['csv_column_missing', 'line 1', 'day,guid\n2026-10-12,g'],
    ['csv_column_missing', 'line 1', 'guid,count\ng,1'],
    ['csv_column_missing', 'line 1', 'day,count\n2026-10-12,1'],
    ['csv_column_repeated', 'line 1, column count', 'day,guid,count,downloads\n2026-10-12,g,1,1'],
    ['csv_cell_invalid', 'line 2, column day', `${head}12.10.2026,,g,,,1`],
    ['csv_cell_invalid', 'line 2, column day', `${head}2026-02-30,,g,,,1`],
    ['csv_cell_invalid', 'line 3, column day', `${head}2026-10-12,,g,,,1\n,,g,,,1`],
    ['csv_cell_invalid', 'line 3, column day', `${head}2025-10-12,,g,,,1\n2026-10-13,,g,,,1`],
    ['csv_cell_invalid', 'line 2, column count', `${head}2026-10-12,,g,,,"1,204"`],
    ['csv_cell_invalid', 'line 2, column count', `${head}2026-10-12,,g,,,-1`],
    ['csv_cell_invalid', 'line 2, column count', `${head}2026-10-12,,g,,,1.5`],
    ['csv_cell_invalid', 'line 2, column count', `${head}2026-10-12,,g,,,1000000000001`],
    ['csv_cell_invalid', 'line 2, column count', `${head}2026-10-12,,g,,,`],
    ['csv_cell_invalid', 'line 4, column episodeId', `${head}2026-10-12,,"a\nb",,,1\n2026-10-12,77,,,,1`],
    ['csv_subject_missing', 'line 2', `${head}2026-10-12,,, ,,1`],
    ['csv_malformed', 'line 3', `${head}2026-10-12,,g,,,1\n2026-10-12,,g,1`],
    ['csv_malformed', 'line 2', `${head}2026-10-12,,"g,,,1`],
  ])('%s at %s', (code, field, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code, status: 422, extra: { field } }));
  });

  test('is text in UTF-8 with rows, and not too many of them', () => {
    const code = (bytes: Buffer) => {
      try {
        return readTheirFile(bytes).rows.length;
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(code(Buffer.from(`${head}2026-10-12,,gr\xfc\xdf,,,1`, 'latin1'))).toBe('csv_encoding');
    expect(code(Buffer.from(`${head}2026-10-12,,g\0,,,1`))).toBe('csv_encoding');
    expect(code(Buffer.from(''))).toBe('csv_empty');
    expect(code(Buffer.from(head))).toBe('csv_empty');
    const rows = (count: number) => Buffer.from(head + '2026-10-12,,g,,,1\n'.repeat(count));
    expect(code(rows(10_000))).toBe(10_000);
    expect(code(rows(10_001))).toBe('csv_too_many_rows');
  });
});
