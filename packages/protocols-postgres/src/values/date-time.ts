// SPDX-License-Identifier: Apache-2.0

const DAY_US = 86_400_000_000n;
/** Days from 0000-03-01, where years begin that end with their leap day, to 2000-01-01. */
const DAYS_TO_2000 = 730_425;
const DAYS_OF_400_YEARS = 146_097;
const INFINITE_DATE = 0x7fff_ffff;
const INFINITE_TIME = 0x7fff_ffff_ffff_ffffn;

/** `1999-12-31`; years before Christ as the server writes them. */
export function dateText(days: number): string {
  if (days === INFINITE_DATE) return 'infinity';
  if (days === -INFINITE_DATE - 1) return '-infinity';
  const { text, era } = calendarDay(days);
  return text + era;
}

/** `1999-12-31 23:59:59.5`: microseconds since 2000. */
export function timestampText(microseconds: bigint): string {
  return timestamp(microseconds, '');
}

/** The same in UTC: the server writes it in the time zone of its session. */
export function timestampTzText(microseconds: bigint): string {
  return timestamp(microseconds, '+00');
}

/** `23:59:59.5` */
export function timeText(microseconds: bigint): string {
  const total = Number(microseconds);
  const pad = (value: number) => String(value).padStart(2, '0');
  const seconds = Math.floor(total / 1e6);
  const fraction = total % 1e6;
  const tail = fraction === 0 ? '' : `.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`;
  return `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}${tail}`;
}

function timestamp(microseconds: bigint, zone: string): string {
  if (microseconds === INFINITE_TIME) return 'infinity';
  if (microseconds === -INFINITE_TIME - 1n) return '-infinity';
  const time = ((microseconds % DAY_US) + DAY_US) % DAY_US;
  const { text, era } = calendarDay(Number((microseconds - time) / DAY_US));
  return `${text} ${timeText(time)}${zone}${era}`;
}

/** The day of the Gregorian calendar so many days after 2000-01-01; JavaScript's Date does not reach as far as the server's. */
function calendarDay(days: number): { readonly text: string; readonly era: string } {
  const sinceEpoch = days + DAYS_TO_2000;
  const cycle = Math.floor(sinceEpoch / DAYS_OF_400_YEARS);
  const dayOfCycle = sinceEpoch - cycle * DAYS_OF_400_YEARS;
  const yearOfCycle = Math.floor(
    (dayOfCycle - Math.floor(dayOfCycle / 1460) + Math.floor(dayOfCycle / 36_524) - Math.floor(dayOfCycle / 146_096)) /
      365,
  );
  const firstDay = 365 * yearOfCycle + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100);
  const dayOfYear = dayOfCycle - firstDay;
  // Months from March on have 31, 30, 31, 30, 31 days, again and again.
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = 400 * cycle + yearOfCycle + (month <= 2 ? 1 : 0);
  const pad = (value: number, digits: number) => String(value).padStart(digits, '0');
  return {
    text: `${pad(year > 0 ? year : 1 - year, 4)}-${pad(month, 2)}-${pad(day, 2)}`,
    era: year > 0 ? '' : ' BC',
  };
}
