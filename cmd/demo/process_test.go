package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const childVariable = "DEMO_TEST_CHILD"

// TestMain lets this test binary play the children.
func TestMain(m *testing.M) {
	switch os.Getenv(childVariable) {
	case "obedient":
		interrupted := make(chan os.Signal, 1)
		signal.Notify(interrupted, os.Interrupt)
		fmt.Println("ready")
		<-interrupted
	case "stubborn":
		signal.Ignore(os.Interrupt)
		fmt.Println("ready")
		time.Sleep(time.Minute)
	case "dying":
		fmt.Println("ready")
		fmt.Fprintln(os.Stderr, "listen tcp 127.0.0.1:8443: bind: address already in use")
		os.Exit(3)
	default:
		os.Exit(m.Run())
	}
}

func startChild(t *testing.T, kind string) *process {
	t.Helper()
	t.Setenv(childVariable, kind)
	child, err := startProcess("emulator", filepath.Join(t.TempDir(), "child.log"), os.Args[0])
	require.NoError(t, err)
	require.Eventually(t, func() bool { return strings.Contains(child.lastLines(), "ready") },
		10*time.Second, time.Millisecond)
	return child
}

func TestStopEndsAProcess(t *testing.T) {
	require.NoError(t, startChild(t, "obedient").stop(10*time.Second))
}

func TestStopKillsAStubbornProcess(t *testing.T) {
	child := startChild(t, "stubborn")
	require.ErrorContains(t, child.stop(10*time.Millisecond), "was killed")
	assert.NotNil(t, child.command.ProcessState)
}

func TestDeadProcessIsReportedWithItsLastWords(t *testing.T) {
	child := startChild(t, "dying")
	<-child.done
	err := child.stop(time.Second)
	require.ErrorContains(t, err, "emulator ended unexpectedly (exit status 3)")
	assert.ErrorContains(t, err, "address already in use")
}

func TestMissingProgramSaysWhatToDo(t *testing.T) {
	directory := t.TempDir()
	_, err := startProcess("collector", filepath.Join(directory, "log"), filepath.Join(directory, "missing"))
	assert.ErrorContains(t, err, "make run")
}
