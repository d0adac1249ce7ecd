import { isUtf8 } from 'node:buffer';
import { CsvError, parse } from 'csv-parse/sync';
import { DAY_MS, isUuid } from '@lib/primitives';
import type { TheirRow } from '../domain/reconciliation/match-rows.js';
import {
  cellInvalid,
  columnMissing,
  columnRepeated,
  csvEmpty,
  csvEncoding,
  csvMalformed,
  daysTooFarApart,
  subjectMissing,
  tooManyRows,
  type TheirColumn,
} from '../domain/reconciliation/their-file.errors.js';

/** Numbers of downloads that another party has, as it wrote them down. */
export interface TheirFile {
  readonly rows: readonly TheirRow[];
  /** UTC days, `YYYY-MM-DD`, both included. */
  readonly firstDay: string;
  readonly lastDay: string;
  /** Headings of columns that say nothing here. */
  readonly ignoredColumns: readonly string[];
}

const MAX_ROWS = 10_000;
const LONGEST_DAYS = 366;
const LARGEST_COUNT = 1e12;
const DELIMITERS = [',', ';', '\t'];

/** Headings in small letters and without anything else, and what they mean. */
const HEADINGS: Readonly<Record<TheirColumn, readonly string[]>> = {
  day: ['day', 'date'],
  count: ['count', 'downloads'],
  episodeId: ['episodeid'],
  guid: ['guid', 'episodeguid'],
  title: ['title', 'episode', 'episodetitle'],
  podcast: ['podcast', 'podcasttitle', 'podcastid', 'podcastguid', 'show'],
};
const SUBJECTS = ['episodeId', 'guid', 'title', 'podcast'] as const;

/**
 * Reads the CSV of another party: UTF-8, a header, separated by comma, semicolon or tab, whichever the header has.
 * @throws DomainError (422) naming line and column: `csv_malformed`, `csv_encoding`, `csv_empty`, `csv_too_many_rows`,
 * `csv_column_missing`, `csv_column_repeated`, `csv_cell_invalid`, `csv_subject_missing`
 */
export function readTheirFile(bytes: Uint8Array): TheirFile {
  if (!isUtf8(bytes) || bytes.includes(0)) throw csvEncoding();
  const [header, ...records] = parseRecords(Buffer.from(bytes).toString('utf8'));
  if (header === undefined || records.length === 0) throw csvEmpty();
  if (records.length > MAX_ROWS) throw tooManyRows(MAX_ROWS);
  const columns = readHeader(header.cells);
  const rows = records.map((record) => readRow(record, columns.places));
  return { rows, ...dayRange(rows), ignoredColumns: columns.ignored };
}

/** A record and the line on which it ends. */
interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

function parseRecords(text: string): CsvRecord[] {
  const header = /^[^\r\n]*/.exec(text)?.[0] ?? '';
  const delimiter = DELIMITERS.find((candidate) => header.includes(candidate)) ?? ',';
  try {
    const records = parse(text, { bom: true, delimiter, info: true, skip_empty_lines: true, trim: true });
    return (records as unknown as { record: string[]; info: { lines: number } }[]).map(
      ({ record, info }) => ({
        line: info.lines,
        cells: record,
      }),
    );
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw csvMalformed(Number(error['lines']), MISTAKES[error.code] ?? 'the row cannot be read');
  }
}

/** What the parser finds wrong, in words. */
const MISTAKES: Readonly<Record<string, string>> = {
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: 'the row has more or fewer cells than the header',
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened here and never closed',
  CSV_INVALID_CLOSING_QUOTE: 'a quote inside of quotes must be doubled',
  INVALID_OPENING_QUOTE: 'a quote stands in the middle of a cell',
};

type Places = Readonly<Record<TheirColumn, number>>;

/** At which place of a row each column stands; -1 where the file does not have it. */
function readHeader(headings: readonly string[]): { places: Places; ignored: string[] } {
  const plain = headings.map((heading) => heading.toLowerCase().replace(/[^a-z]/g, ''));
  const placeOf = (column: TheirColumn): number => {
    const [place = -1, ...others] = plain.flatMap((heading, at) =>
      HEADINGS[column].includes(heading) ? [at] : [],
    );
    if (others.length > 0) throw columnRepeated(column);
    return place;
  };
  const places: Places = {
    day: placeOf('day'),
    count: placeOf('count'),
    episodeId: placeOf('episodeId'),
    guid: placeOf('guid'),
    title: placeOf('title'),
    podcast: placeOf('podcast'),
  };
  if (places.day < 0 || places.count < 0) throw columnMissing('the columns day and count');
  if (SUBJECTS.every((column) => places[column] < 0)) throw columnMissing(`one of ${SUBJECTS.join(', ')}`);
  const used = new Set(Object.values(places));
  return { places, ignored: headings.filter((_, at) => !used.has(at)) };
}

function readRow({ line, cells }: CsvRecord, places: Places): TheirRow {
  const cell = (column: TheirColumn) => cells[places[column]] ?? '';
  const day = cell('day');
  if (!isCalendarDay(day)) throw cellInvalid(line, 'day', 'a day such as 2026-10-12');
  const count = /^\d{1,13}$/.test(cell('count')) ? Number(cell('count')) : NaN;
  if (!(count <= LARGEST_COUNT))
    throw cellInvalid(line, 'count', 'a whole number without separators, at most 10^12');
  const [episodeId, guid, title, podcast] = SUBJECTS.map((column) => cell(column) || null) as [
    string | null,
    string | null,
    string | null,
    string | null,
  ];
  if (episodeId !== null && !isUuid(episodeId))
    throw cellInvalid(line, 'episodeId', 'the id of an episode here');
  if ((episodeId ?? guid ?? title ?? podcast) === null) throw subjectMissing(line);
  return { line, day, count, episodeId: episodeId?.toLowerCase() ?? null, guid, title, podcast };
}

/** JavaScript reads the 30th of February as the 2nd of March; this does not. */
function isCalendarDay(text: string): boolean {
  if (!/^2\d{3}-\d{2}-\d{2}$/.test(text)) return false;
  const midnight = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text);
}

function dayRange(rows: readonly TheirRow[]): { firstDay: string; lastDay: string } {
  const days = rows.map(({ day }) => day).sort();
  const [firstDay = '', lastDay = ''] = [days[0], days.at(-1)];
  if (Date.parse(lastDay) - Date.parse(firstDay) >= LONGEST_DAYS * DAY_MS)
    throw daysTooFarApart(rows.find(({ day }) => day === lastDay)?.line ?? 1, LONGEST_DAYS);
  return { firstDay, lastDay };
}
