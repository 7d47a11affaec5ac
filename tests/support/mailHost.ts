import { rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import path from "node:path";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { Authority } from "./certificates";
import { run } from "./commands";
import { startNameServer } from "./nameServer";

/** A name that the containers of the testbed look up, and where it leads. */
export const mailServer = "smtp.example.org";
/** Where they listen, and the name server. */
export const mailAddress = "192.0.2.25";
const address = mailAddress;

/** Who may log in. */
export const account = { login: "alice", password: "tulip-orbit-mango-42" } as const;

/** A sender that no server here takes. */
export const refusedSender = "notifications@refused.example.org";

/** One server for each way in which mail may or may not be sent. */
export const mailPorts = {
  /** STARTTLS, and a login after it. */
  good: 587,
  /** TLS from the first byte. */
  tls: 465,
  /** Takes mail in clear, from anybody: for tests of other things. */
  relay: 2525,
  expired: 3001,
  otherName: 3002,
  /** A login, and no STARTTLS. */
  clear: 3003,
  /** STARTTLS, and no login. */
  loginless: 3004,
  /** A login by tokens alone. */
  tokens: 3005,
  /** Takes the connection, and says nothing. */
  silent: 3006,
  /** Nothing listens. */
  closed: 3007,
  /** Whatever is sent there is lost, as where a provider blocks it. */
  blocked: 25,
} as const;

interface Received {
  readonly port: number;
  readonly recipients: readonly string[];
  readonly text: string;
}

/**
 * Real SMTP servers on an address of their own in the test's network namespace, with a name server that knows it, and a
 * certificate authority that nobody else does. Containers that are made while it is open find them by their name.
 */
export class MailHost {
  readonly received: Received[] = [];
  private readonly closers: (() => unknown)[] = [];

  private constructor(
    private readonly folder: string,
    private readonly vouching: Authority,
  ) {}

  /** The certificate of the authority, in PEM. */
  get authority(): string {
    return this.vouching.root;
  }

  static async open(folder: string): Promise<MailHost> {
    const host = new MailHost(folder, await Authority.create(folder));
    await run("ip", ["address", "add", `${address}/32`, "dev", "lo"]);
    await run("iptables", ["--insert", "INPUT", ...dropped]);
    const names = await startNameServer(address, { [mailServer]: address });
    host.closers.push(() => names.close());
    await host.serve();
    // The engine tells new containers, as it finds it in this mount namespace, whom to ask for names.
    await writeFile(path.join(folder, "resolv.conf"), `nameserver ${address}\n`);
    await run("mount", ["--bind", path.join(folder, "resolv.conf"), "/etc/resolv.conf"]);
    return host;
  }

  async close(): Promise<void> {
    await run("umount", ["/etc/resolv.conf"], { mayFail: true });
    for (const close of this.closers) await close();
    await run("iptables", ["--delete", "INPUT", ...dropped], { mayFail: true });
    await run("ip", ["address", "delete", `${address}/32`, "dev", "lo"], { mayFail: true });
    await rm(this.folder, { recursive: true, force: true });
  }

  private async serve(): Promise<void> {
    const good = await this.vouching.issue([mailServer]);
    const clear = { hideSTARTTLS: true, allowInsecureAuth: true } as const;
    const anybody = { authOptional: true, disabledCommands: ["AUTH"] };
    const servers: readonly [number, SMTPServerOptions][] = [
      [mailPorts.good, good],
      [mailPorts.tls, { ...good, secure: true }],
      [mailPorts.relay, { ...clear, authOptional: true, disabledCommands: ["AUTH", "STARTTLS"] }],
      [mailPorts.expired, await this.vouching.issue([mailServer], -1)],
      [mailPorts.otherName, await this.vouching.issue(["mx.example.net"])],
      [mailPorts.clear, clear],
      [mailPorts.loginless, { ...good, ...anybody }],
      [mailPorts.tokens, { ...good, authMethods: ["XOAUTH2"] }],
    ];
    for (const [port, options] of servers) {
      const server = new SMTPServer({ ...this.behaviour(port), ...options });
      // A client that does not like the certificate breaks off.
      server.on("error", () => undefined);
      await listening(server.listen(port, address));
      this.closers.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
    }
    const silent = createServer();
    await listening(silent.listen(mailPorts.silent, address));
    this.closers.push(() => silent.close());
  }

  private behaviour(port: number): SMTPServerOptions {
    return {
      authMethods: ["PLAIN", "LOGIN", "CRAM-MD5"],
      onAuth: (auth, _session, done) => {
        const isRight =
          auth.method === "CRAM-MD5"
            ? auth.validatePassword(account.password)
            : auth.password === account.password;
        if (auth.username === account.login && isRight) done(null, { user: account.login });
        else done(refusal(535, "5.7.8 Authentication credentials invalid"));
      },
      onMailFrom: (sender, _session, done) =>
        done(sender.address === refusedSender ? refusal(550, "5.7.1 Sender not verified") : null),
      onData: (stream, session, done) => {
        let text = "";
        stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        stream.on("end", () => {
          const recipients = session.envelope.rcptTo.map((recipient) => recipient.address);
          this.received.push({ port, recipients, text });
          done(null, "2.0.0 queued as 4711");
        });
      },
    };
  }
}

const dropped = ["--destination", address, "--protocol", "tcp", "--dport", "25", "--jump", "DROP"];

const refusal = (responseCode: number, text: string): Error =>
  Object.assign(new Error(text), { responseCode });

const listening = (server: Server): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => resolve());
  });
