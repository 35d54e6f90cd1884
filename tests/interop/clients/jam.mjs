// jmap-jam as a person's program uses it: session, echo, a request with a result reference, a blob up and down.
import { JamClient } from "jmap-jam";

const [base, bearerToken] = process.argv.slice(2);
const jam = new JamClient({ sessionUrl: `${base}/.well-known/jmap`, bearerToken });
const session = await jam.session;
const accountId = session.primaryAccounts["urn:ietf:params:jmap:blob"];

const [echo] = await jam.request(["Core/echo", { hello: "wörld", list: [1, 2, 3] }]);

const using = ["urn:ietf:params:jmap:blob"];
const uploaded = await jam.uploadBlob(accountId, new Blob(["some bytes"]));
const [{ first, again }] = await jam.requestMany(
  (t) => {
    const first = t.Core.echo({ ids: [uploaded.blobId] });
    const again = t.Blob.get({ accountId, ids: first.$ref("/ids"), properties: ["data:asText", "size"] });
    return { first, again };
  },
  { using },
);
const downloaded = await jam.downloadBlob({
  accountId, blobId: uploaded.blobId, mimeType: "text/plain", fileName: "some file.txt",
});
let refused = null;
try {
  await jam.request(["Nothing/get", {}]);
} catch (error) {
  refused = error.type;
}
console.log(JSON.stringify({
  username: session.username, echo, uploaded, first, again,
  text: await downloaded.text(), type: downloaded.headers.get("content-type"), refused,
}));
