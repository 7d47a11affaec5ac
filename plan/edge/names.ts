/** The names of an instance, as its configuration holds them. */
interface Named {
  readonly domain: string;
  readonly webDomain?: string | undefined;
}

/** The name under which people browse the instance. */
export const webHost = ({ domain, webDomain }: Named): string => webDomain ?? domain;

/** Every name that must lead to the instance: other servers ask `domain` who somebody is, whatever `webDomain` says. */
export const publicNames = ({ domain, webDomain }: Named): string[] =>
  webDomain === undefined ? [domain] : [webDomain, domain];

/** Whether a name is a zone's own or below it. */
export const isWithin = (name: string, zone: string): boolean =>
  name === zone || name.endsWith(`.${zone}`);
