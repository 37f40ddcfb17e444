#!/usr/bin/env -S node --max-semi-space-size=32 --no-parallel-scavenge
// SPDX-License-Identifier: Apache-2.0
// Flows live for a few milliseconds: with room for more of them the garbage collector runs less often and copies less, and
// its helper threads would take the other processors from the captured programs.
// npm links a command at install time and skips files that are not there yet: this one is, before the first build.
import '../dist/cli.js';
