-- The TCP states of both ends as fields of every packet, for Wireshark and tshark.
--
-- "pcapstate wireshark" writes a folder with the states of a capture's packets (packet_states.py describes its files)
-- and names it in PCAPSTATE_WIRESHARK. Without it the fields exist, so that filters can name them, and have no value.
-- The script only reads these files. It runs on Lua 5.2 to 5.4.

if rawget(_G, "pcapstate_is_loaded") then
    return
end
pcapstate_is_loaded = true

local VERSION = 1
local FRAME, CHANGE, MORE = 11, 7, 9
local PAGE = 4096 -- records of a file that are read together
local MOST_PAGES = 16 -- kept of a file

local protocol = Proto("pcapstate", "TCP states (pcapstate)")
local connection_field = ProtoField.uint32("pcapstate.connection", "Connection", base.DEC)
local client_field = ProtoField.string("pcapstate.client.state", "Client")
local server_field = ProtoField.string("pcapstate.server.state", "Server")
local change_field = ProtoField.string("pcapstate.change", "Change")
local cause_field = ProtoField.string("pcapstate.cause", "Cause")
local certainty_field = ProtoField.string("pcapstate.certainty", "Certainty")
local outcome_field = ProtoField.string("pcapstate.outcome", "Outcome")
protocol.fields = {
    connection_field, client_field, server_field, change_field, cause_field, certainty_field, outcome_field,
}

-- A file of records of one size, read in pages.
local function records(path, size)
    local file = io.open(path, "rb")
    if not file then
        return nil
    end
    local count = file:seek("end") / size
    local pages, kept = {}, 0
    -- Returns the bytes of a page and the place in them where a record begins; the first record is 0.
    return function(number)
        if number < 0 or number >= count then
            return nil
        end
        local within = number % PAGE
        local first = number - within
        local page = pages[first]
        if not page then
            if kept == MOST_PAGES then
                pages, kept = {}, 0
            end
            file:seek("set", first * size)
            page = file:read(PAGE * size) or ""
            pages[first], kept = page, kept + 1
        end
        local at = within * size + 1
        if at + size - 1 > #page then
            return nil
        end
        return page, at
    end
end

local function number_at(page, at)
    local a, b, c, d = page:byte(at, at + 3)
    return a + b * 0x100 + c * 0x10000 + d * 0x1000000
end

-- Returns the words of the index by kind, each list from 0 on; or nil and why they cannot be used.
local function words_of(path)
    local file = io.open(path, "r")
    if not file then
        return nil, "pcapstate: the states are not there"
    end
    local version = (file:read("*l") or ""):match("^pcapstate (%d+)$")
    if tonumber(version) ~= VERSION then
        file:close()
        return nil, "pcapstate: the plug-in is of another version; pcapstate wireshark --install replaces it"
    end
    local words = {state = {}, cause = {}, certainty = {}, outcome = {}}
    local counts = {state = 0, cause = 0, certainty = 0, outcome = 0}
    for line in file:lines() do
        local kind, word = line:match("^(%l+) (.+)$")
        if words[kind] then
            words[kind][counts[kind]] = word
            counts[kind] = counts[kind] + 1
        end
    end
    file:close()
    return words
end

local frame_at, change_at, connection_at, words
local more = {} -- the other segments of frames with several, by the frame's number

local function read(folder)
    local why
    words, why = words_of(folder .. "/index")
    if not words then
        report_failure(why)
        return
    end
    change_at, connection_at = records(folder .. "/changes", CHANGE), records(folder .. "/connections", 1)
    local more_at = records(folder .. "/more", MORE)
    local place = 0
    while true do
        local page, at = more_at(place)
        if not page then
            break
        end
        local frame = number_at(page, at)
        more[frame] = more[frame] or {}
        table.insert(more[frame], {number_at(page, at + 4), page:byte(at + 8)})
        place = place + 1
    end
    frame_at = records(folder .. "/frames", FRAME)
end

local folder = os.getenv("PCAPSTATE_WIRESHARK")
if folder then
    read(folder)
end

-- Tells whether a record is about this packet: it may be one of another capture, opened later in the same window.
local function is_of_packet(ticks, pinfo)
    local time = pinfo.abs_ts
    if not time or time == 0 then
        return true -- the block of the packet has no time
    end
    local apart = (math.floor(time * 100) - ticks) % 0x10000
    return apart <= 1 or apart == 0xFFFF -- it is a rounded number
end

-- Returns the outcome of a connection (nil where it was evicted), and whether endpoint 1 is the client.
local function of_connection(connection)
    local page, at = connection_at(connection)
    if not page then
        return nil, false
    end
    local byte = page:byte(at)
    if byte >= 0x80 then
        return words.outcome[byte - 0x81], true
    end
    return words.outcome[byte - 1], false
end

-- Adds a field where something asks for it: nothing else is worth its time.
local function add(item, field, value)
    if item:referenced(field) then
        item:add(field, value)
    end
end

local function add_connection(item, connection, states)
    local outcome, turned = of_connection(connection)
    local client = states % 16
    local server = (states - client) / 16
    if turned then
        client, server = server, client
    end
    add(item, connection_field, connection)
    add(item, client_field, words.state[client])
    add(item, server_field, words.state[server])
    if outcome then
        add(item, outcome_field, outcome)
    end
    return client, server
end

local function add_changes(item, place, own)
    while true do
        local page, at = change_at(place)
        if not page then
            return
        end
        local connection = number_at(page, at)
        local states, row, bits = page:byte(at + 4, at + 6)
        local is_last, is_1 = bits >= 0x80, bits % 0x80 >= 0x40
        local _, turned = of_connection(connection)
        local side = is_1 ~= turned and "server" or "client"
        local before = states % 16
        local text = side .. " " .. words.state[before] .. " → " .. words.state[(states - before) / 16]
        if connection ~= own then
            text = "connection " .. connection .. ": " .. text
        end
        add(item, change_field, text)
        add(item, cause_field, words.cause[row])
        add(item, certainty_field, words.certainty[bits % 0x40])
        if is_last then
            return
        end
        place = place + 1
    end
end

function protocol.dissector(buffer, pinfo, tree)
    if not frame_at then
        return
    end
    local frame = pinfo.number
    local page, at = frame_at(frame - 1)
    if not page then
        return
    end
    local a, b, c, d, e, f, g, h, i, j, states = page:byte(at, at + 10)
    local connection = a + b * 0x100 + c * 0x10000 + d * 0x1000000 - 1
    if connection < 0 or not is_of_packet(i + j * 0x100, pinfo) then
        return
    end
    local item = tree:add(protocol)
    local client, server = add_connection(item, connection, states)
    if tree.visible then
        item:set_generated()
        item:append_text(": client " .. words.state[client] .. ", server " .. words.state[server])
    end
    local change = e + f * 0x100 + g * 0x10000 + h * 0x1000000
    if change > 0 then
        add_changes(item, change - 1, connection)
    end
    if more[frame] then
        for _, one in ipairs(more[frame]) do
            add_connection(item, one[1], one[2])
        end
    end
end

register_postdissector(protocol)
