import { quoted } from "../shapes";

/** @throws Error naming a value that is not of the form that its place takes */
export function expectForm(name: string, value: string, allowed: RegExp, example: string): void {
  if (!allowed.test(value)) throw new Error(`${name} is ${quoted(value)}: it must be ${example}.`);
}

/** The name of an account. */
export function expectUser(user: string): void {
  expectForm("user", user, /^[a-z][a-z\d-]{0,31}$/, "a name such as mastodon");
}
