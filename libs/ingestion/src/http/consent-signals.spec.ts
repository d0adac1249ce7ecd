import { describe, expect, test } from '@jest/globals';
import { headerSignals, querySignals } from './consent-signals.js';

describe('the signals of a request', () => {
  test.each([
    ['/r/show/cdn.example/1.mp3', {}],
    ['/r/show/cdn.example/1.mp3?token=a%2Fb', {}],
    ['/r/show/cdn.example/gdpr.mp3', {}],
    ['/r/show/cdn.example/1.mp3?gdpr=1', { gdpr: '1' }],
    ['/r/show/cdn.example/1.mp3?a=1&gdpr=0&b=2', { gdpr: '0' }],
    ['/r/show/cdn.example/1.mp3?gdpr=1&gdpr_consent=CP%2D_x', { gdpr: '1', gdprConsent: 'CP-_x' }],
    ['/r/show/cdn.example/1.mp3?gdpr_consent=', { gdprConsent: '' }],
  ])('stand in the query of %s', (target, signals) => {
    expect(querySignals(target)).toEqual(signals);
  });

  test('stand in headers', () => {
    expect(headerSignals({ 'sec-gpc': '1', dnt: '0' })).toEqual({ secGpc: '1', dnt: '0' });
    expect(headerSignals({})).toEqual({});
  });
});
