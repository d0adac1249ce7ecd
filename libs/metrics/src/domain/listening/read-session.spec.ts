import { describe, expect, test } from '@jest/globals';
import type { PlayerEvent, PlayerType } from './heard-stretch.js';
import { readSession } from './read-session.js';

/** Events as `[type, second, position in seconds]`, with ids in their order. */
type Told = [type: PlayerType, second: number, position?: number];

function session(...told: Told[]): PlayerEvent[] {
  return told.map(([type, second, position], index) => ({
    id: String(index).padStart(4, '0'),
    type,
    at: Math.round(second * 1000),
    positionMs: position === undefined ? null : Math.round(position * 1000),
  }));
}

/** What was heard, in seconds of the episode. */
const heard = (...told: Told[]) =>
  readSession(session(...told)).heard.map(({ fromMs, toMs }) => [fromMs / 1000, toMs / 1000]);
const starts = (...told: Told[]) => readSession(session(...told)).starts;

describe('is heard', () => {
  test.each<[string, Told[], number[][]]>([
    [
      'what lies between a play, progress and a pause',
      [
        ['play', 0, 0],
        ['progress', 30, 30],
        ['pause', 42, 42],
      ],
      [
        [0, 30],
        [30, 42],
      ],
    ],
    [
      'nothing while paused, and the rest after a resume',
      [
        ['progress', 0, 10],
        ['pause', 5, 15],
        ['resume', 60, 15],
        ['complete', 65, 20],
      ],
      [
        [10, 15],
        [15, 20],
      ],
    ],
    [
      'up to 3.5 times the speed',
      [
        ['play', 0, 0],
        ['progress', 10, 35],
      ],
      [[0, 35]],
    ],
    [
      'no more than that where a clock is 2 seconds off',
      [
        ['play', 0, 0],
        ['progress', 10, 37],
      ],
      [[0, 35]],
    ],
    [
      'nothing of what is faster: a jump',
      [
        ['play', 0, 0],
        ['progress', 10, 37.001],
      ],
      [],
    ],
    [
      'nothing backwards, or in no time',
      [
        ['progress', 0, 60],
        ['progress', 10, 50],
        ['progress', 10, 51],
      ],
      [],
    ],
    [
      'as much as time passed before a seek, and what comes after it',
      [
        ['progress', 0, 600],
        ['seek', 12, 660],
        ['progress', 30, 678],
      ],
      [
        [600, 612],
        [660, 678],
      ],
    ],
    [
      'nothing between two seeks, nor after one that ends in a resume',
      [
        ['seek', 0, 600],
        ['seek', 10, 610],
        ['resume', 20, 620],
      ],
      [],
    ],
    [
      'what comes after a seek where only a playing player could have told',
      [
        ['pause', 0, 0],
        ['seek', 1, 600],
        ['pause', 11, 610],
      ],
      [[600, 610]],
    ],
    [
      'across 5 minutes and no more',
      [
        ['play', 0, 0],
        ['progress', 300, 300],
        ['progress', 600.001, 600],
      ],
      [[0, 300]],
    ],
    [
      'nothing after the end',
      [
        ['complete', 0, 100],
        ['progress', 10, 110],
      ],
      [],
    ],
    [
      'nothing next to an event without a position',
      [
        ['play', 0],
        ['progress', 10, 10],
        ['pause', 20],
        ['progress', 30, 20],
      ],
      [[20, 20]].slice(1),
    ],
    [
      'nothing beyond a day',
      [
        ['play', 0, 86_390],
        ['progress', 20, 86_410],
        ['progress', 40, 86_430],
      ],
      [[86_390, 86_400]],
    ],
  ])('%s', (_, told, expected) => {
    expect(heard(...told)).toEqual(expected);
  });
});

describe('a start', () => {
  test('is a play, and no other event', () => {
    expect(starts(['play', 1, 90], ['progress', 11, 100])).toEqual([{ at: 1000, positionMs: 90_000 }]);
    expect(starts(['resume', 0, 90], ['progress', 10, 100])).toEqual([]);
    expect(starts(['play', 1])).toEqual([{ at: 1000, positionMs: 0 }]);
  });

  test('comes anew after more than 5 minutes of silence', () => {
    expect(starts(['play', 0, 0], ['pause', 60, 60], ['play', 360, 60])).toHaveLength(1);
    expect(starts(['play', 0, 0], ['pause', 60, 60], ['play', 360.001, 60])).toHaveLength(2);
  });
});
