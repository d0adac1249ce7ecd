import { BUILT_IN_LISTS } from '../domain/classification/built-in/built-in-lists.js';
import { AgentClassifier } from './agent-classifier.js';
import { prepareLists } from './prepare-lists.js';

/** A classifier with the product's own lists, which needs no database. */
export function builtInClassifier(): AgentClassifier {
  return new AgentClassifier(prepareLists(BUILT_IN_LISTS).rules);
}
