#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// npm links a command at install time and skips files that are not there yet: this one is, before the first build.
import '../dist/cli.js';
