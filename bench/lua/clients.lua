-- Asks for one URL as so many clients in turn, each with an address of its own behind a trusted proxy.
local folder = debug.getinfo(1, "S").source:match("^@(.*/)")
dofile(folder .. "report.lua")

local requests = {}
local at = 0

init = function(args)
  local count, first = tonumber(args[1]), tonumber(args[2])
  for n = first, first + count - 1 do
    wrk.headers["X-Forwarded-For"] = string.format(
      "10.%d.%d.%d", math.floor(n / 65536) % 256, math.floor(n / 256) % 256, n % 256)
    requests[#requests + 1] = wrk.format()
  end
end

request = function()
  at = at % #requests + 1
  return requests[at]
end
