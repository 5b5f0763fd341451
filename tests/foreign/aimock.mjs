// Starts aimock servers on free loopback ports and prints their addresses as one line of JSON:
//   node aimock.mjs '{"servers": {"name": {options}}, "models": {"name": {response | echo, fixture}}}'
// A model either gives a fixed `response` or echoes what it was told, since no fixture can know a nonce.
// It ends when its standard input does, so that it cannot outlive whoever started it.

import { LLMock } from "@copilotkit/aimock";

const textOf = (content) =>
  typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("");

const tokens = (text, size) => Math.ceil(text.length / size);

// One chunk is one token, so that `tps`, which aimock counts in chunks, is tokens per second.
const echo = ({ reasoning = "", more = "" }, { chunkSize }) => (request) => {
  const told = textOf(request.messages.findLast((message) => message.role === "user")?.content);
  const content = told + more;
  const usage = {
    prompt_tokens: tokens(told, chunkSize),
    completion_tokens: tokens(reasoning, chunkSize) + tokens(content, chunkSize),
  };
  return reasoning ? { content, reasoning, usage } : { content, usage };
};

const plan = JSON.parse(process.argv[2]);
const addresses = {};
for (const [name, options] of Object.entries(plan.servers)) {
  const mock = new LLMock({ host: "127.0.0.1", port: 0, logLevel: "warn", ...options });
  for (const [model, { response, echo: how, fixture }] of Object.entries(plan.models)) {
    mock.on({ model }, response ?? echo(how, fixture), fixture);
  }
  addresses[name] = await mock.start();
}
process.stdin.on("end", () => process.exit(0)).resume();
console.log(JSON.stringify(addresses));
