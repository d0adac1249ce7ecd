import { divergencesOf } from './divergences-of.js';
import { findingsOf } from './findings-of.js';
import type { Methodology, MethodologySection } from './methodology.js';
import type { MethodologyInput } from './methodology-input.js';
import { countingSections } from './counting-sections.js';
import { recordSections } from './record-sections.js';
import { settledQuestions } from './settled-questions.js';
import { section } from './section.js';

/** All that may be said: following the guidelines is no sign of compliance, and certification is an audit. */
const STATEMENT = 'Implements the rules of PTMG v2.3; not certified.';

/** Describes how downloads are counted, from the configuration in force and from nothing else. */
export function describeMethodology(input: MethodologyInput): Methodology {
  const divergences = divergencesOf(input);
  const findings = findingsOf(input);
  return {
    title: `Description of methodology: ${input.tenantName}`,
    statement: STATEMENT,
    generatedAt: input.generatedAt,
    ruleSetVersion: input.ruleSet.version,
    sections: [
      SCOPE,
      ...countingSections(input),
      ...recordSections(input),
      section('divergences', 'Where we depart from the guidelines', {
        paragraphs: divergences.length === 0 ? ['Nowhere.'] : [],
        table: {
          columns: ['Rule', 'What we do', 'Reason'],
          rows: divergences.map(({ source, what, reason }) => [source, what, reason]),
        },
      }),
      section('settled_questions', 'What the guidelines leave open, and how we decided', {
        table: { columns: ['Question', 'Decision'], rows: settledQuestions(input.ruleSet.rules) },
      }),
      section('findings', 'Known shortcomings', {
        paragraphs: findings.length === 0 ? ['None.'] : findings.map(({ text }) => text),
      }),
    ],
    divergences,
    findings,
  };
}

const SCOPE: MethodologySection = section('scope', 'What this describes', {
  paragraphs: [
    'PTMG are the Podcast Technical Measurement Guidelines of the IAB Tech Lab, version 2.3. To implement their rules is no ' +
      'sign of compliance with them, and no independent party has audited this description.',
    'A download is the unique request of one listener for one episode that was delivered under these rules, whole or in ' +
      'part (§6.1). It says that a file was delivered, not that anybody played it. Audio and video files of feeds and HLS ' +
      'playlists are counted; live streams are not, and the delivery of advertisements is not described here.',
  ],
});
