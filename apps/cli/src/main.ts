#!/usr/bin/env node
import 'reflect-metadata';
import { processIo } from './process-io.js';
import { runCli } from './run-cli.js';

process.exit(await runCli(process.argv.slice(2), processIo()));
