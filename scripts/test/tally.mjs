// SPDX-License-Identifier: Apache-2.0
// Sums up what passed and failed over all steps of a test run.
import { existsSync, readFileSync } from 'node:fs';

export class Tally {
  passed = 0;
  failed = 0;
  skipped = 0;
  /** @type {string[]} */
  problems = [];

  /** A step that is one check: the type check, the linter. */
  addCheck(name, isGood) {
    if (isGood) this.passed += 1;
    else this.fail(name);
  }

  fail(problem) {
    this.failed += 1;
    this.problems.push(problem);
  }

  /** A report of vitest's JSON reporter, with the exit status of that run. */
  addReport(name, file, exitStatus) {
    if (!existsSync(file)) {
      this.fail(`${name}: vitest wrote no report (status ${exitStatus})`);
      return;
    }
    const before = this.failed;
    const report = JSON.parse(readFileSync(file, 'utf8'));
    for (const suite of report.testResults) this.#addSuite(name, suite);
    // An unhandled rejection, a worker that died, or no test file at all: no test failed, and yet the run did.
    if (exitStatus !== 0 && this.failed === before) this.fail(`${name}: vitest ended with status ${exitStatus}`);
  }

  #addSuite(name, suite) {
    for (const { status, fullName } of suite.assertionResults) {
      if (status === 'passed') this.passed += 1;
      else if (status === 'failed') this.fail(`${name}: ${fullName}`);
      else this.#skip(`${name}: ${fullName}`);
    }
    // A file that could not be loaded has no tests to fail.
    const hasFailedTest = suite.assertionResults.some(({ status }) => status === 'failed');
    if (suite.status === 'failed' && !hasFailedTest) this.fail(`${name}: ${suite.name}: ${suite.message}`);
  }

  #skip(title) {
    this.skipped += 1;
    this.problems.push(`skipped: ${title}`);
  }

  /** Where everything is required, a test that did not run has not passed. */
  requireAll() {
    this.failed += this.skipped;
    this.skipped = 0;
  }

  get summary() {
    return `${this.passed} passed, ${this.failed} failed`;
  }
}
