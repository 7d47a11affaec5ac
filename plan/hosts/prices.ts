/** What Hetzner asks for, in euros a month and net of VAT. */
export interface HetznerPrices {
  /** The place that they are for, by its name in a stack file. */
  readonly location: string;
  /** When the source was last read. */
  readonly seen: string;
  readonly source: string;
  /** Of a server, by its type: the monthly cap of what is billed by the hour, also while it is switched off. */
  readonly servers: Readonly<Record<string, number>>;
  /** Of each GB of a volume. */
  readonly volumeGb: number;
  /** Of an address of version 4. One of version 6 costs nothing. */
  readonly ipv4: number;
}

/**
 * Prices of new orders, as docs/vps.md tells them: of the types that are for new servers. Those of volumes are of May 2026,
 * those of addresses (https://docs.hetzner.com/cloud/servers/primary-ips/overview/) of July 2026.
 */
export const hetznerPrices: HetznerPrices = {
  location: "fsn1",
  seen: "September 2026",
  source: "https://docs.hetzner.com/general/infrastructure-and-availability/price-adjustment/",
  servers: {
    cx23: 5.49,
    cx33: 8.49,
    cx43: 15.99,
    cax11: 5.99,
    cax21: 10.49,
    cax31: 20.99,
    cpx22: 19.49,
    cpx32: 35.49,
  },
  volumeGb: 0.0572,
  ipv4: 0.5,
};
