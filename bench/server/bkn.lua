-- What BKN answers, in its envelopes: tokens, the person, the list of courses, the save. `trouble` says what goes wrong:
--   calm       nothing
--   suspended  every 20th record's first save is turned away, as by the gateway whose backend is suspended (303001)
--   throttled  the same, as by the gateway's limit (429, 900802)
--   uncertain  every 20th record's first save is answered 503 by something that says nothing
--   refused    every 256th record is refused for ever, by a rule
--   books      rows are stored and shown in the list; each is stored before the answer is waited for
local bkn = {}
local books = ngx.shared.books

local function say(status, body)
    ngx.status = status
    ngx.header["Content-Length"] = #body
    ngx.print(body)
    return ngx.exit(ngx.OK)
end

local SUSPENDED = '{"code":303001,"type":"Status report","message":"Runtime Error","description":"Address endpoint : [ Name : x ] [ State : SUSPENDED ]"}'
local THROTTLED = '{"code":"900802","message":"Message throttled out","description":"You have exceeded your quota"}'
local READ_NAMES = {
    pnsOrangId = "idPns", nomorSertipikat = "noSertipikat", jenisKursus = "jenisKursusId", jenisKursusSertipikat = "jenisKursusSertifikat",
}

local function row_of(body, nip, id)
    -- BKN shows some fields under other names than it takes; the bodies of the bench are flat.
    local shown = body:gsub('"(%w+)":', function(name) return '"' .. (READ_NAMES[name] or name) .. '":' end)
    shown = shown:gsub('"id": ?[^,}]+, ?', ""):gsub(', ?"id": ?[^,}]+', "")
    return '{"id":"' .. id .. '","nipBaru":"' .. nip .. '",' .. shown:sub(2)
end

local function save(run, delay, trouble)
    ngx.req.read_body()
    local body = ngx.req.get_body_data() or ""
    local record = body:match('"nomorSertipikat": ?"([^"]+)"') or "-"
    ngx.var.record = record
    local number = tonumber(record:match("%d+$")) or 1
    local id = ngx.var.request_id
    books:incr(run, 1, 0)
    if trouble == "books" then
        books:incr(run .. "/" .. record, 1, 0)
        local nip = body:match('"pnsOrangId": ?"P(%d+)"') or "-"
        local place = run .. "/rows/" .. nip
        local before = books:get(place)
        books:set(place, (before and before .. "," or "") .. row_of(body, nip, id))
    end
    if delay > 0 then ngx.sleep(delay / 1000) end
    if trouble == "refused" and number % 256 == 0 then
        return say(200, '{"success":false,"mapData":null,"message":"nomor sertipikat tidak valid"}')
    end
    if number % 20 == 0 and (trouble == "suspended" or trouble == "throttled" or trouble == "uncertain") then
        if books:incr(run .. "/" .. record, 1, 0) == 1 then
            if trouble == "suspended" then return say(503, SUSPENDED) end
            if trouble == "throttled" then return say(429, THROTTLED) end
            return say(503, "<html><body>Service Unavailable</body></html>")
        end
    end
    return say(200, '{"success":true,"mapData":{"rwKursusId":"' .. id .. '"},"message":"success"}')
end

function bkn.answer(run, delay, trouble)
    ngx.var.run = run
    ngx.var.began = string.format("%.3f", ngx.req.start_time())
    local uri = ngx.var.uri
    if uri:find("/kursus/save", 1, true) then return save(run, delay, trouble) end
    if uri:find("token", 1, true) then
        return say(200, '{"access_token":"' .. string.rep("t", 200) .. '","token_type":"Bearer","expires_in":36000}')
    end
    books:incr(run .. "/reads", 1, 0)
    if delay > 0 then ngx.sleep(delay / 1000) end
    local nip = uri:match("/pns/data%-utama/(%d+)$")
    if nip then return say(200, '{"code":1,"data":{"id":"P' .. nip .. '","nipBaru":"' .. nip .. '"},"message":"success"}') end
    nip = uri:match("/pns/rw%-kursus/(%d+)$")
    if nip then
        return say(200, '{"code":1,"data":[' .. (books:get(run .. "/rows/" .. nip) or "") .. '],"message":"success"}')
    end
    return say(404, '{"code":404,"message":"No matching resource found"}')
end

function bkn.count(run)
    return say(200, tostring(books:get(run) or 0))
end

return bkn
