"""Where Keras defines the class of each op: files name it, and Keras looks it up there."""

from __future__ import annotations

__all__ = ["keras_module"]

_OUTSIDE_OF_NUMPY = {
    "core": """
        AssociativeScan Cast Cond ConvertToTensor ForiLoop Map SaturateCast Scan Scatter
        ScatterUpdate Slice SliceUpdate StopGradient Switch Unstack VectorizedMap WhileLoop
    """,
    "image": """
        AffineTransform CropImages ElasticTransform ExtractPatches GaussianBlur HSVToRGB
        MapCoordinates PadImages PerspectiveTransform Resize RGBToGrayscale RGBToHSV
        ScaleAndTranslate SobelEdges SSIM
    """,
    "linalg": """
        Cholesky CholeskyInverse Det Eig Eigh Inv JVP Lstsq LuFactor MatrixRank Norm Pinv Qr Solve
        SolveTriangular SVD
    """,
    "math": """
        CDist Erf Erfc Erfinv ExtractSequences FFT FFT2 IFFT2 InTopK IRFFT ISTFT Logdet Logsumexp
        RFFT Rsqrt SegmentMax SegmentMin SegmentProd SegmentSum STFT TopK ViewAsComplex ViewAsReal
    """,
    "nn": """
        AdaptiveAveragePool AdaptiveMaxPool AveragePool BatchNorm BinaryCrossentropy
        CategoricalCrossentropy Celu Conv ConvTranspose CTCDecode CTCLoss DepthToSpace DepthwiseConv
        DotProductAttention Elu Fold Gelu Glu HardShrink HardSigmoid HardSilu HardTanh LayerNorm
        LeakyRelu LogSigmoid LogSoftmax MaxPool Moments MultiHot Normalize OneHot Polar PSNR Relu
        Relu6 RMSNorm Selu SeparableConv Sigmoid Silu Softmax Softplus SoftShrink Softsign
        SpaceToDepth SparseCategoricalCrossentropy Sparsemax SparsePlus SparseSigmoid Squareplus
        TanhShrink Threshold Unfold
    """,
}
_MODULES = {
    name: f"keras.src.ops.{module}" for module, names in _OUTSIDE_OF_NUMPY.items() for name in names.split()
}
_MODULES["ReLU"] = "keras.src.activations.activations"


def keras_module(class_name: str) -> str:
    """The module of Keras with the class of an op."""
    return _MODULES.get(class_name, "keras.src.ops.numpy")
