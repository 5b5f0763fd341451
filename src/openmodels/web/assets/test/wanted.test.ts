import assert from "node:assert/strict";
import { test } from "node:test";
import { ago } from "../src/times";
import { streamAddress, told } from "../src/wanted";

const any = { providers: [], models: [] };

test("it asks for what its regions show, and for everything where one shows everything", () => {
  const one = { providers: ["a", "b"], models: [] };
  const other = { providers: ["b", "c d"], models: ["m"] };
  assert.equal(streamAddress("/s", [one, other]), "/s?provider=a&provider=b&provider=c+d");
  assert.equal(streamAddress("/s", [one, any]), "/s");
  assert.equal(streamAddress("/s", [{ providers: [], models: ["m"] }]), "/s?model=m");
  assert.equal(streamAddress("/s", [one, { providers: [], models: ["m"] }]), "/s");
});

test("it asks for everything rather than by too long an address", () => {
  assert.equal(streamAddress("/s", [{ providers: Array.from({ length: 100 }, (_, i) => `p${i}`), models: [] }]), "/s");
});

test("it takes checks of its providers, and measurements of its models", () => {
  const wanted = { providers: ["a"], models: ["m"] };
  assert.ok(told(wanted, "a"));
  assert.ok(told(wanted, "a", "m"));
  assert.ok(!told(wanted, "a", "n"));
  assert.ok(!told(wanted, "b", "m"));
  assert.ok(told(any, "b", "n"));
  assert.ok(!told({ providers: [], models: ["m"] }, "a"));
});

test("it counts time as the server does", () => {
  const now = Date.UTC(2026, 0, 10);
  const before = (seconds: number): string => ago(now - seconds * 1000, now);
  assert.deepEqual([0, 44, 45, 90, 3599, 3600, 86_399, 86_400, 172_800].map(before), [
    "just now", "just now", "1 minute ago", "2 minutes ago", "60 minutes ago", "1 hour ago", "24 hours ago", "1 day ago", "2 days ago",
  ]);
  assert.equal(ago(now + 7_200_000, now), "in 2 hours");
});
