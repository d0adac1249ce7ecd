/** Names and abbreviations of the months in the languages that feeds use, without accents, in lower case. */
const NAMES: readonly string[] = [
  'jan january janv janvier januar janner jaen enero ene gennaio gen janeiro januari',
  'feb february fev fevr fevrier februar febrero febbraio fevereiro februari',
  'mar march mars marz maerz mrz marzo marco maart mrt',
  'apr april avr avril abr abril aprile',
  'may mai mayo mag maggio maio mei',
  'jun june juin juni junio giu giugno junho',
  'jul july juil juillet juli julio lug luglio julho',
  'aug august aout ago agosto augustus',
  'sep sept september septembre septiembre set settembre setembro',
  'oct october octobre okt oktober octubre ott ottobre out outubro',
  'nov november novembre noviembre novembro',
  'dec december decembre dez dezember dic diciembre dicembre dezembro',
];

const MONTHS: ReadonlyMap<string, number> = new Map(
  NAMES.flatMap((names, index) => names.split(' ').map((name): [string, number] => [name, index + 1])),
);

/** The month (1 to 12) that a word names in English, French, German, Spanish, Italian, Portuguese or Dutch. */
export function monthNumber(word: string): number | null {
  const plain = word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return MONTHS.get(plain) ?? null;
}
