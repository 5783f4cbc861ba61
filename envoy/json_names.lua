-- Refuses a JSON request that names a field which its message does not have, or names one twice.
-- Envoy's transcoder skips such a field. edge/json_names.py puts the tables MESSAGES and ROOTS
-- before this text. Values are the transcoder's to check; the grammar here is no wider than JSON.

-- Objects and lists within each other.
local DEPTH_MAX = 32

-- A type: 0 for a value without fields, the index of a message, below 0 the type of a map's values.
local FREE = 0

local function refuse(text, field)
  error({text = text, field = field}, 0)
end

local function broken(at, path)
  refuse("the request is not JSON: character " .. at .. (path ~= "" and ", in " .. path or ""), path)
end

local function after_blank(body, at)
  return body:match("^[ \t\r\n]*()", at)
end

-- Returns what a text contains, as it was sent, and where it has ended.
local function text(body, at, path)
  local from = at + 1
  local seek = from
  while true do
    local stop = body:find('["\\]', seek)
    if not stop then
      broken(at, path)
    end
    if body:sub(stop, stop) == '"' then
      return body:sub(from, stop - 1), stop + 1
    end
    seek = stop + 2
  end
end

local function field_names(message)
  local names = {}
  for name in pairs(message.fields) do
    names[#names + 1] = name
  end
  table.sort(names)
  return #names == 0 and "none" or table.concat(names, ", ")
end

-- Returns the type of a field of a message, and its name as JSON has it.
local function field_of(type, name, path)
  if type <= 0 then
    return type == FREE and FREE or -type - 1, name
  end
  local message = MESSAGES[type]
  local known = message.proto[name] or name
  local found = message.fields[known]
  if not found then
    refuse(
      path .. " is no field of " .. message.name .. "; its fields are: " .. field_names(message), path
    )
  end
  return found, known
end

local value

local function object(body, at, type, path, depth)
  local seen = {}
  at = after_blank(body, at + 1)
  if body:sub(at, at) == "}" then
    return at + 1
  end
  while true do
    if body:sub(at, at) ~= '"' then
      broken(at, path)
    end
    local name, after = text(body, at, path)
    local inner = path == "" and name or path .. "." .. name
    local inner_type, known = field_of(type, name, inner)
    if seen[known] then
      refuse(inner .. " is given twice; give it once", inner)
    end
    seen[known] = true
    at = after_blank(body, after)
    if body:sub(at, at) ~= ":" then
      broken(at, inner)
    end
    at = after_blank(body, value(body, after_blank(body, at + 1), inner_type, inner, depth))
    local mark = body:sub(at, at)
    if mark == "}" then
      return at + 1
    elseif mark ~= "," then
      broken(at, path)
    end
    at = after_blank(body, at + 1)
  end
end

local function list(body, at, type, path, depth)
  at = after_blank(body, at + 1)
  if body:sub(at, at) == "]" then
    return at + 1
  end
  while true do
    at = after_blank(body, value(body, at, type, path, depth))
    local mark = body:sub(at, at)
    if mark == "]" then
      return at + 1
    elseif mark ~= "," then
      broken(at, path)
    end
    at = after_blank(body, at + 1)
  end
end

-- Returns where the value has ended.
function value(body, at, type, path, depth)
  if depth > DEPTH_MAX then
    refuse("the request has more than " .. DEPTH_MAX .. " levels", path)
  end
  local mark = body:sub(at, at)
  if mark == "{" then
    return object(body, at, type, path, depth + 1)
  elseif mark == "[" then
    return list(body, at, type, path, depth + 1)
  elseif mark == '"' then
    local _, after = text(body, at, path)
    return after
  end
  local after = body:match("^[%w.+-]+()", at)
  if not after then
    broken(at, path)
  end
  return after
end

local function check(body, type)
  local at = after_blank(body, value(body, after_blank(body, 1), type, "", 0))
  if at <= #body then
    broken(at, "")
  end
end

function envoy_on_request(handle)
  local root = ROOTS[handle:headers():get(":path"):match("^[^?]*")]
  local buffer = handle:body()
  if not root or not buffer or buffer:length() == 0 then
    return
  end
  local good, fault = pcall(check, buffer:getBytes(0, buffer:length()), root)
  if good then
    return
  end
  if type(fault) ~= "table" then
    error(fault)
  end
  handle:streamInfo():dynamicMetadata():set("ordermesh", "field", fault.field)
  handle:respond({[":status"] = "400"}, fault.text)
end
