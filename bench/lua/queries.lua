-- Asks for the paths in a file, in turn, each with a number of its own: no answer is ever ready.
local folder = debug.getinfo(1, "S").source:match("^@(.*/)")
dofile(folder .. "report.lua")

local paths = {}
local at = 0

init = function(args)
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
  at = tonumber(args[2])
end

request = function()
  at = at + 1
  return wrk.format("GET", paths[at % #paths + 1] .. "&_=" .. at)
end
