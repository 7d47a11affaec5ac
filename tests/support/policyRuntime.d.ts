// What the runtime of policy packs exports without telling its types.
import type { Policies } from "@pulumi/policy";
import type {
  AnalyzeRequest,
  AnalyzeResponse,
  AnalyzeStackRequest,
  RemediateResponse,
} from "@pulumi/pulumi/proto/analyzer_pb";

declare module "@pulumi/policy/server" {
  type Answered<Request, Response> = (
    call: { readonly request: Request },
    callback: (error: Error | undefined, response: Response | undefined) => void,
  ) => Promise<void>;

  type Made<Request, Response> = (
    name: string,
    version: string,
    level: string,
    policies: Policies,
  ) => Answered<Request, Response>;

  export const makeRemediateRpcFun: Made<AnalyzeRequest, RemediateResponse>;
  export const makeAnalyzeRpcFun: Made<AnalyzeRequest, AnalyzeResponse>;
  export const makeAnalyzeStackRpcFun: Made<AnalyzeStackRequest, AnalyzeResponse>;
}
