import { DomainError } from '@lib/primitives';

/** Why a list is not used. The one in force stays. */
export type ListRejectedCode =
  | 'list_unreadable'
  | 'list_too_large'
  | 'list_invalid'
  | 'list_empty'
  | 'list_pattern_refused'
  | 'list_example_mismatch';

/** The list is refused as a whole. The message names the file, the entry and what is wrong with it. */
export class ListRejected extends DomainError {
  constructor(
    override readonly code: ListRejectedCode,
    message: string,
  ) {
    super(code, 422, message);
    this.name = 'ListRejected';
  }
}
