{{- define "defender.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "defender.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "defender.labels" -}}
{{ include "defender.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "defender.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (ternary (include "defender.name" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "defender.image" -}}
{{- with .Values.image }}{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}{{ end }}
{{- end }}

{{/* The configuration's files, in the order in which one is laid over another. */}}
{{- define "defender.files" -}}
config.yaml: |
  {{- .Values.config | default (.Files.Get "files/production.yaml") | nindent 2 }}
{{- if not (or .Values.config .Values.telemetry.endpoint) }}
telemetry.yaml: |
  # Nothing is sent by OTLP. Prometheus reads the metrics.
  service:
    telemetry:
      logs:
        processors: []
      metrics:
        readers:
          - pull:
              exporter:
                prometheus:
                  host: ${env:METRICS_HOST}
                  port: ${env:METRICS_PORT}
                  without_scope_info: false
                  without_type_suffix: true
                  without_units: true
{{- end }}
{{- with .Values.overlay }}
overlay.yaml: |
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
