import assert from "node:assert/strict";
import { test } from "node:test";
import { allowedSlips, slipsToPrefix } from "../src/distance";
import { cut, Names, partsOf } from "../src/names";

const items = [
  ["GPT-4o", "gpt-4o", "openai"],
  ["GPT-4o mini", "gpt-4o-mini", "openai"],
  ["GPT-4.1", "gpt-4-1", "openai"],
  ["Claude Sonnet 4.5", "claude-sonnet-4-5", "anthropic"],
  ["Claude Opus 4.5", "claude-opus-4-5", "anthropic"],
  ["DeepSeek V3", "deepseek-v3", "deepseek"],
  ["Llama 3.3 70B Instruct", "llama-3-3-70b-instruct", "meta"],
  ["通义千问 Max", "qwen-max", "alibaba"],
  ["نموذج", "namudhaj", "somebody"],
].map(([name = "", id = "", also = ""]) => ({ name, id, also }));
const names = new Names(items);
const ids = (query: string): string[] => names.find(query, 5).map(({ item }) => item.id);

test("it puts what is called so first", () => {
  assert.deepEqual(ids("gpt-4o").slice(0, 2), ["gpt-4o", "gpt-4o-mini"]);
  assert.equal(names.find("GPT-4o", 1)[0]?.tier, 0);
});

test("it does not mind what stands between letters and figures", () => {
  for (const query of ["gpt4o", "gpt 4o", "GPT_4O", "gpt4 o"]) assert.equal(ids(query)[0], "gpt-4o");
  assert.equal(ids("llama3.3")[0], "llama-3-3-70b-instruct");
});

test("it finds words in any order, and by the vendor", () => {
  assert.equal(ids("4.5 sonnet")[0], "claude-sonnet-4-5");
  assert.deepEqual(ids("anthropic").sort(), ["claude-opus-4-5", "claude-sonnet-4-5"]);
});

test("it understands slips: a letter missing, too many, wrong, or swapped, the first one too", () => {
  for (const query of ["cluade sonnet", "claud sonnet", "claaude sonnet", "clayde sonnet", "lcaude sonnet"]) {
    assert.equal(ids(query)[0], "claude-sonnet-4-5");
  }
  assert.equal(ids("depseek")[0], "deepseek-v3");
  assert.equal(ids("gtp-4o")[0], "gpt-4o");
});

test("it finds nothing where nothing is like it", () => {
  for (const query of ["zzzzzz", "", "  ", "---", "()[]*+?\\"]) assert.deepEqual(ids(query), []);
});

test("it finds names in other writings", () => {
  assert.equal(ids("通义")[0], "qwen-max");
  assert.equal(ids("نموذج")[0], "namudhaj");
});

test("it bears queries that mean something to regular expressions", () => {
  for (const query of ["gpt(", "[a-", "a{99999}", "\\p{L}", "gpt-4o'\"", "a".repeat(200)]) assert.ok(Array.isArray(ids(query)));
});

test("it says which parts match", () => {
  const [found] = names.find("sonnet", 1);
  assert.deepEqual(partsOf(found?.item.name ?? "", found?.name ?? []), [
    { text: "Claude ", matches: false }, { text: "Sonnet", matches: true }, { text: " 4.5", matches: false },
  ]);
  assert.deepEqual(partsOf("plain", []), [{ text: "plain", matches: false }]);
});

test("it cuts ranges to a part of the text", () => {
  assert.deepEqual(cut([2, 6, 8, 12], 4, 10), [0, 2, 4, 6]);
  assert.deepEqual(cut([0, 2], 4, 10), []);
});

test("it counts slips against the beginning of a word", () => {
  assert.equal(slipsToPrefix("deepsek", "deepseek", 2), 1);
  assert.equal(slipsToPrefix("lcaude", "claude", 2), 1);
  assert.equal(slipsToPrefix("clau", "claude", 1), 0);
  assert.equal(slipsToPrefix("zebra", "claude", 2), null);
  assert.deepEqual([2, 3, 5, 6].map(allowedSlips), [0, 1, 1, 2]);
});
