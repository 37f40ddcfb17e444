#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { main } from './main.js';

// Ends although a library might keep a handle open: by now everything is flushed and detached.
process.exit(await main(process.argv.slice(2)));
