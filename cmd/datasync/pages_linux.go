package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// forgetStart gives back the memory of what only the start has needed of the
// program's file. To initialise every package a page here and there is read, and
// the kernel maps 64 KiB around each: half of the file, of which a run needs
// little. What is needed again is mapped again, from the page cache.
func forgetStart() {
	own, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return // it was to save memory
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer func() { _ = maps.Close() }() // it was only read
	for _, m := range unchanged(bufio.NewScanner(maps), own) {
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.begin, m.end-m.begin, syscall.MADV_DONTNEED) // as above
	}
}

// mapping is a range of addresses.
type mapping struct{ begin, end uintptr }

// unchanged reads a smaps file, see proc_pid_smaps(5), and returns the parts of
// the file that cannot be written to and that nothing has been written to, such
// as a loader's relocations: only of these nothing is lost with their pages.
func unchanged(lines *bufio.Scanner, file string) (all []mapping) {
	within := false // the last of all is the part that the lines are about
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) < 2:
		case strings.HasSuffix(fields[0], ":"):
			written := fields[0] == "Anonymous:" || fields[0] == "Swap:"
			if within && written && fields[1] != "0" {
				all, within = all[:len(all)-1], false
			}
		default: // range, permissions, offset, device, inode, path
			m, ok := addresses(fields[0])
			readOnly := fields[1] == "r--p" || fields[1] == "r-xp"
			if within = ok && readOnly && len(fields) == 6 && fields[5] == file; within {
				all = append(all, m)
			}
		}
	}
	return all
}

// addresses reads a range such as 00400000-0174f000.
func addresses(text string) (m mapping, ok bool) {
	from, to, _ := strings.Cut(text, "-")
	begin, err := strconv.ParseUint(from, 16, strconv.IntSize)
	if err != nil {
		return m, false
	}
	end, err := strconv.ParseUint(to, 16, strconv.IntSize)
	return mapping{uintptr(begin), uintptr(end)}, err == nil && begin < end
}
