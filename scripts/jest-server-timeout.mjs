import { jest } from '@jest/globals';

// Jest ignores `testTimeout` inside a project, so the server-backed projects set it here.
jest.setTimeout(60_000);
