import { encryptRandomSecrets } from "../../../policies/rules/encryptRandomSecrets";
import { container, password } from "../../support/compliant";
import { resource } from "../../support/policies";
import { specify } from "../../support/policySpec";

const random = (type: string) => resource(type, "instance-key", { protect: true });

const uuid = "random:index/randomUuid:RandomUuid";

specify(encryptRandomSecrets, {
  passes: {
    "a password that is protected": [password()],
    "what is not random": [container("web")],
    "what tells one from another, and is no secret": [random(uuid)],
  },
  refuses: {
    "a password that a change would lose": [
      [password({}, { protect: false })],
      "instance-password can be made anew by a change of the program",
    ],
    "a name that a change would lose": [
      [resource(uuid, "instance-domain")],
      "instance-domain can be made anew",
    ],
    "bytes, whose id is their value": [
      [random("random:index/randomBytes:RandomBytes")],
      "instance-key is kept in clear in the state",
    ],
    "an id": [[random("random:index/randomId:RandomId")], "is kept in clear"],
    "a string": [[random("random:index/randomString:RandomString")], "is kept in clear"],
  },
});
