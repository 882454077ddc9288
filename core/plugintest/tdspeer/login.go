package tdspeer

import (
	"crypto/tls"
	"encoding/binary"
)

// login greets a client: PRELOGIN, encryption if there is any, then LOGIN7.
func (x *session) login() bool {
	if x.strict() != nil {
		return false
	}
	answer, ok := x.greet()
	if !ok {
		return false
	}
	plain := x.conn
	if answer != encryptNone {
		secure, err := x.secure()
		if err != nil {
			return false
		}
		x.conn = secure
	}
	kind, body, err := readMessage(x.conn)
	if err != nil || kind != packLogin {
		return false
	}
	if answer == EncryptLogin {
		x.conn = plain
	}
	return x.admit(readLogin(body))
}

// greet answers PRELOGIN and returns what was said of encryption.
func (x *session) greet() (encryption byte, ok bool) {
	kind, body, err := readMessage(x.conn)
	if err != nil || kind != packPrelogin {
		return 0, false
	}
	const wantsAll = 1
	encryption = encryptNone
	if _, already := x.conn.(*tls.Conn); x.server.TLS != nil && !already {
		if encryption = x.server.Encryption; wish(body) == wantsAll {
			encryption = EncryptAll
		}
	}
	w := &writer{conn: x.conn}
	const table = 2*5 + 1 // two options and the end
	for _, option := range []struct{ id, at, size byte }{{0, table, 6}, {1, table + 6, 1}} {
		w.bytes([]byte{option.id, 0, option.at, 0, option.size})
	}
	w.byte(0xff)
	w.bytes([]byte{16, 0, 0, 0, 0, 0})
	w.byte(encryption)
	return encryption, w.flush(true) == nil
}

// admit lets a client in, or tells it why not.
func (x *session) admit(l Login) bool {
	w := &writer{conn: x.conn}
	if x.server.Login != nil {
		if refused := x.server.Login(l); refused != nil {
			refused.send(w)
			w.done(doneError, 0)
			_ = w.flush(true)
			return false
		}
	}
	x.server.mu.Lock()
	x.server.sessions++
	x.number = x.server.sessions
	x.server.mu.Unlock()
	ack := &writer{}
	ack.byte(1)
	ack.bytes([]byte{0x74, 0, 0, 4})
	ack.short("peer")
	ack.bytes([]byte{16, 0, 0, 0})
	w.byte(tokenLoginAck)
	w.uint16(uint16(len(ack.buf)))
	w.bytes(ack.buf)
	w.done(0, 0)
	return w.flush(true) == nil
}

// wish is what a client's PRELOGIN asks of encryption.
func wish(body []byte) byte {
	const encryption = 1
	for at := 0; at+5 <= len(body) && body[at] != 0xff; at += 5 {
		if body[at] == encryption {
			return body[binary.BigEndian.Uint16(body[at+1:])]
		}
	}
	return encryptNone
}

// readLogin takes the texts of a LOGIN7 that are looked at.
func readLogin(body []byte) Login {
	text := func(at int) []byte {
		from, n := int(binary.LittleEndian.Uint16(body[at:])), int(binary.LittleEndian.Uint16(body[at+2:]))
		return body[from : from+2*n]
	}
	password := append([]byte(nil), text(44)...)
	for i, c := range password {
		c ^= 0xa5
		password[i] = c<<4 | c>>4
	}
	return Login{User: fromUCS2(text(40)), Password: fromUCS2(password), Application: fromUCS2(text(48)), Database: fromUCS2(text(68))}
}
