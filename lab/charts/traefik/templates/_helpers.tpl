{{- define "traefik.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}-{{ .Release.Namespace }}
{{- end }}

{{- define "traefik.labels" -}}
{{ include "traefik.selector" . }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "traefik.pod" -}}
metadata:
  labels: {{- include "traefik.labels" . | nindent 4 }}
spec:
  serviceAccountName: {{ .Release.Name }}
  terminationGracePeriodSeconds: {{ .Values.deployment.terminationGracePeriodSeconds }}
  hostNetwork: {{ .Values.hostNetwork }}
  {{- with .Values.deployment.dnsPolicy }}
  dnsPolicy: {{ . }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext: {{- toYaml .Values.podSecurityContext | nindent 4 }}
  containers:
    - name: {{ .Chart.Name }}
      image: {{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        - --global.checknewversion=false
        - --global.sendanonymoususage=false
        {{- range $name, $port := .Values.ports }}
        - --entryPoints.{{ $name }}.address=:{{ $port.port }}/tcp
        {{- end }}
        - --ping=true
        - --metrics.prometheus=true
        - --metrics.prometheus.entrypoint=metrics
        {{- if .Values.providers.kubernetesIngress.enabled }}
        - --providers.kubernetesingress
        {{- if .Values.providers.kubernetesIngress.allowEmptyServices }}
        - --providers.kubernetesingress.allowEmptyServices=true
        {{- end }}
        {{- with .Values.providers.kubernetesIngress.namespaces }}
        - --providers.kubernetesingress.namespaces={{ join "," . }}
        {{- end }}
        {{- end }}
        {{- if .Values.ports.websecure.tls.enabled }}
        - --entryPoints.websecure.http.tls=true
        {{- end }}
        - --log.level={{ .Values.logs.general.level }}
        {{- with .Values.additionalArguments }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        {{- range $name, $port := .Values.ports }}
        - name: {{ $name }}
          containerPort: {{ $port.port }}
          {{- with $port.hostPort }}
          hostPort: {{ . }}
          {{- end }}
        {{- end }}
      readinessProbe:
        httpGet: {path: /ping, port: traefik}
        periodSeconds: 1
        timeoutSeconds: 2
      securityContext: {{- toYaml .Values.securityContext | nindent 8 }}
      volumeMounts:
        - {name: data, mountPath: /data}
        - {name: tmp, mountPath: /tmp}
  volumes:
    - {name: data, emptyDir: {}}
    - {name: tmp, emptyDir: {}}
{{- end }}
