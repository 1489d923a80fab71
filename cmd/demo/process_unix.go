//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

func leaveProcessGroup(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
